import FlotillaPlatform

/// Makes requests over connections that are kept for the next ones. HTTP/1.1; TLS 1.2 at least.
package struct HTTPClient: Sendable {
    private let engine: TransferEngine
    private let authorities: String?
    private let connectTimeout: Duration

    /// - Parameters:
    ///   - engine: who makes the client closes it.
    ///   - authorities: a file of authorities to trust instead of the system's.
    package init(_ engine: TransferEngine, authorities: String? = nil, connectTimeout: Duration = .seconds(5)) {
        self.engine = engine
        self.authorities = authorities
        self.connectTimeout = connectTimeout
    }

    /// Returns the server's answer, whatever its status.
    ///
    /// A request on a kept connection that the server closes without a word is made again on a fresh one.
    package func send(_ request: HTTPRequest) async throws(OutboundError) -> HTTPClientResponse {
        let operation = "\(request.method) to \(request.host)"
        guard ["http://", "https://"].contains(where: request.url.lowercased().hasPrefix) else {
            throw OutboundError(code: .invalidRequest, operation: operation, detail: "not an http or https URL")
        }
        var plan = TransferPlan(
            kind: .http(method: request.method, headers: try request.headerLines(operation), body: request.body),
            url: request.url,
            protocols: "http,https",
            server: request.host
        )
        plan.authorities = authorities
        plan.connectTimeout = connectTimeout
        plan.timeout = request.timeout
        plan.answerLimit = request.answerLimit
        plan.cutsLongAnswers = request.cutsLongAnswers
        plan.addressCheck = request.addressCheck
        switch request.authorization {
        case .basic(let user, let password)?: (plan.user, plan.password) = (user, password)
        case .aws(let credentials)?:
            (plan.user, plan.password) = (credentials.keyID, credentials.secret)
            plan.awsSignature = "aws:amz:\(credentials.region):\(credentials.service)"
        case .bearer?, nil: break
        }
        let report = await engine.perform(plan)
        if let error = OutboundError(report, operation: operation) { throw error }
        return HTTPClientResponse(status: report.status, lines: report.lines, body: report.body)
    }
}

extension HTTPRequest {
    /// Host and port as they are in the URL: what is shown of it, and what shares connections.
    fileprivate var host: String {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { !"/?#".contains($0) }
        return String(authority.split(separator: "@", omittingEmptySubsequences: false).last ?? "")
    }

    fileprivate func headerLines(_ operation: String) throws(OutboundError) -> [String] {
        func refuse(_ detail: String) -> OutboundError {
            OutboundError(code: .invalidRequest, operation: operation, detail: detail)
        }
        let isToken = { (text: String) in
            !text.isEmpty && text.utf8.allSatisfy { $0.isLetterDigitOrHyphen || "!#$%&'*+.^_`|~".utf8.contains($0) }
        }
        guard isToken(method) else { throw refuse("the method is no token") }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { throw refuse("the URL has a blank or a control") }
        var lines: [String] = []
        var all = headers
        if case .bearer(let token)? = authorization { all.append(Header("Authorization", "Bearer \(token.revealed)")) }
        if case .aws? = authorization {
            // S3 wants it, and libcurl signs what it finds here.
            all.append(Header("X-Amz-Content-Sha256", SHA256.digest(body ?? []).hexadecimal))
        }
        if body != nil, !all.contains(where: { $0.name.lowercased() == "content-type" }) {
            all.append(Header("Content-Type", "application/octet-stream"))
        }
        for header in all {
            guard isToken(header.name) else { throw refuse("a header's name is no token") }
            guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                throw refuse("the header \(header.name) has a control character")
            }
            // libcurl's spelling of a header without a value.
            lines.append(header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
        }
        return lines
    }
}
