import FlotillaModels
import FlotillaPlatform
import CFlotillaCurl

extension EasyHandle {
    mutating func configure(_ plan: TransferPlan) throws(CurlFailure) {
        try set(CURLOPT_URL, plan.url)
        try set(CURLOPT_PROTOCOLS_STR, plan.protocols)
        try set(CURLOPT_NOSIGNAL, 1)
        // Without it, giving up on a name that is being looked up would wait for the look-up.
        try set(CURLOPT_QUICK_EXIT, 1)
        try set(CURLOPT_FOLLOWLOCATION, 0)
        // A proxy of the environment would see the secrets, and defeat the check of addresses.
        try set(CURLOPT_PROXY, "")
        try set(CURLOPT_CONNECTTIMEOUT_MS, Int(max(plan.connectTimeout.milliseconds, 1)))
        try set(CURLOPT_TIMEOUT_MS, Int(max(plan.timeout.milliseconds, 1)))
        try setReplyTimeout(plan.replyTimeout ?? plan.timeout)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        // A server may close what has been idle for longer, and usually says so only to the next request.
        try set(CURLOPT_MAXAGE_CONN, 60)
        if plan.requiresStartTLS { try set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue)) }
        if let authorities = plan.authorities { try set(CURLOPT_CAINFO, authorities) }
        if let user = plan.user { try set(CURLOPT_USERNAME, user) }
        if let password = plan.password { try set(CURLOPT_PASSWORD, password.revealed) }
        if let signature = plan.awsSignature { try set(CURLOPT_AWS_SIGV4, signature) }
        if plan.needsFreshConnection { try set(CURLOPT_FRESH_CONNECT, 1) }
        switch plan.kind {
        case .http(let method, let headers, let body):
            // Bodies are small enough to be sent without asking first. A signature would cover this non-header as well.
            try configureHTTP(method, plan.awsSignature == nil ? headers + ["Expect:"] : headers, body)
        case .mail(let sender, let recipients, let content):
            try set(CURLOPT_UPLOAD, 1)
            try setSize(CURLOPT_INFILESIZE_LARGE, content.count)
            try set(CURLOPT_MAIL_FROM, sender)
            try set(CURLOPT_MAIL_RCPT, recipients)
        case .mailProbe:
            try set(CURLOPT_NOBODY, 1)
            try set(CURLOPT_CUSTOMREQUEST, "NOOP")
        }
    }

    /// For every reply of a mail server from now on.
    func setReplyTimeout(_ timeout: Duration) throws(CurlFailure) {
        try set(CURLOPT_SERVER_RESPONSE_TIMEOUT, Int(max(timeout.seconds.rounded(.up), 1)))
    }

    private mutating func configureHTTP(_ method: String, _ headers: [String], _ body: [UInt8]?) throws(CurlFailure) {
        try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try set(CURLOPT_USERAGENT, "flotilla")
        switch (method, body) {
        case ("GET", nil): try set(CURLOPT_HTTPGET, 1)
        case ("HEAD", nil): try set(CURLOPT_NOBODY, 1)
        case (_, let body?): try setBody(body)
        case ("POST", nil), ("PUT", nil): try setBody([])
        case (_, nil): try set(CURLOPT_HTTPGET, 1)
        }
        try set(CURLOPT_CUSTOMREQUEST, method)
        try set(CURLOPT_HTTPHEADER, headers)
    }
}
