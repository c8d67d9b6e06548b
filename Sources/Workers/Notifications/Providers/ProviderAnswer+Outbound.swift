import Outbound

extension ProviderAnswer {
    /// What a failure to talk to the provider says of the notification: nothing.
    init(_ error: OutboundError) {
        switch error.code {
        case .cancelled: self = .deferred(reason: "\(error)", after: nil)
        default: self = .unavailable(reason: "\(error)", after: nil)
        }
    }

    /// An answer of an HTTP API other than success.
    ///
    /// - Parameter words: what the API says of it in its body.
    init(_ answer: HTTPAnswer, words: String?) {
        let reason = "status \(answer.status)" + (words.map { ": \($0)" } ?? "")
        switch answer.status {
        case 401, 403: self = .unavailable(reason: "\(reason) (check the provider's credentials)", after: nil)
        case 408, 425: self = .deferred(reason: reason, after: answer.retryAfter)
        case 429: self = .unavailable(reason: reason, after: answer.retryAfter)
        case 400..<500: self = .refused(reason: reason)
        default: self = .unavailable(reason: reason, after: answer.retryAfter)
        }
    }
}

extension HTTPAnswer {
    /// Whether an API that answers a look at our account like this takes requests.
    var isFromWorkingAPI: Bool { status < 500 && status != 401 && status != 429 }
}

extension String {
    /// Fit for records and logs: one line of at most 500 characters.
    var asProviderWords: String {
        String(String(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) }).prefix(500))
    }
}
