import FlotillaOutbound

extension ProviderResult {
    /// A failure to talk to the provider.
    init(_ error: OutboundError) {
        switch error.code {
        case .cancelled: self = .deferred(reason: "\(error)", after: nil)
        // It may have been reached, and done what it was asked.
        case .timeout, .connectionLost, .violation, .answerTooLarge:
            self = .failed(reason: "\(error)", mayHaveArrived: true)
        default: self = .unavailable(reason: "\(error)", after: nil)
        }
    }

    /// An answer of an HTTP API other than success.
    ///
    /// - Parameters:
    ///   - words: what the API says of it in its body.
    ///   - settings: the names of those that say where the API is and who we are.
    init(_ answer: HTTPClientResponse, words: String?, settings: String) {
        let reason = "status \(answer.status)" + (words.map { ": \($0)" } ?? "")
        switch answer.status {
        // Another place, another method or other credentials are expected, whoever the notification is for.
        case 300..<400, 401, 402, 403, 404, 405, 407, 410:
            self = .denied(reason: "\(reason) (check \(settings))")
        case 408, 409, 425: self = .deferred(reason: reason, after: answer.retryAfter)
        case 429: self = .unavailable(reason: reason, after: answer.retryAfter)
        case 400..<500: self = .refused(reason: reason)
        default:
            // Who says when to come back knows that it is out.
            let after = answer.retryAfter
            self = after == nil ? .failed(reason: reason) : .unavailable(reason: reason, after: after)
        }
    }
}

extension HTTPClientResponse {
    /// Whether an API that answers a look at our account like this takes requests.
    var isFromWorkingAPI: Bool { status < 500 && status != 401 && status != 429 }
}

extension String {
    /// Fit for records and logs: one line of at most 500 characters.
    var asProviderWords: String {
        String(String(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) }).prefix(500))
    }
}
