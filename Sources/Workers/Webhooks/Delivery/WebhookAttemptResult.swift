import FlotillaOutbound

/// One attempt to deliver: what was answered, or why nothing was.
struct WebhookAttemptResult: Sendable {
    /// What is kept of an answer's body, in bytes.
    static let keptAnswer = 1_000

    /// Microseconds since 1970.
    let startedAt: Int64
    let took: Duration
    /// `nil` without an answer.
    let status: Int?
    /// Why there is no answer.
    let failure: OutboundError?
    /// The beginning of the answer's body.
    let answer: [UInt8]
    /// How long the endpoint asks to be left alone.
    let retryAfter: Duration?

    init(startedAt: Int64, took: Duration, _ result: Result<HTTPClientResponse, OutboundError>) {
        (self.startedAt, self.took) = (startedAt, took)
        switch result {
        case .success(let answer):
            (status, failure) = (answer.status, nil)
            self.answer = Array(answer.body.prefix(Self.keptAnswer))
            retryAfter = answer.isSuccess ? nil : answer.retryAfter
        case .failure(let error): (status, failure, answer, retryAfter) = (nil, error, [], nil)
        }
    }

    /// Only a status from 200 to 299 is one; a redirect is not followed.
    var isSuccess: Bool { status.map { (200..<300).contains($0) } ?? false }

    /// The endpoint says that it wants no more webhooks; it may be a mistake of its deployment.
    var isGone: Bool { status == 410 }

    /// Nothing that comes later can help: the address is not to be connected to, or there is no such request.
    var isPermanentFailure: Bool { failure.map { $0.code == .refusedAddress || $0.code == .invalidRequest } ?? false }

    /// The process is ending, or the delivery took too long.
    var isCancelled: Bool { failure.map { $0.code == .cancelled || $0.code == .closed } ?? false }

    /// What it says of the endpoint, as opposed to this one message.
    var observation: EndpointLimiter.Observation {
        switch status {
        case 410?, 429?, 502?, 503?, 504?: .outage(hold: retryAfter)
        case .some: .answer
        case nil: isPermanentFailure || isCancelled ? .nothing : .outage(hold: nil)
        }
    }

    /// For records and logs; nothing of what the endpoint wrote.
    var problem: String? {
        if isSuccess { return nil }
        guard let status else { return failure.map { "\($0.detail) (\($0.code.rawValue))" } }
        return (300..<400).contains(status) ? "status \(status): redirects are not followed" : "status \(status)"
    }
}
