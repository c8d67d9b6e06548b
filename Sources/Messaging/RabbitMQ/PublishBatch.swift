import FlotillaModels

/// The messages of one call of `publish`, and what has become of them.
final class PublishBatch {
    let messages: [OutgoingMessage]
    let acceptedAt: ContinuousClock.Instant
    /// The index of the next message to send.
    var next = 0
    private var results: [PublishResult]
    private var isAnswered: [Bool]
    private var missing: Int
    private var continuation: CheckedContinuation<[PublishResult], Never>?

    init(_ messages: [OutgoingMessage], _ continuation: CheckedContinuation<[PublishResult], Never>) {
        self.messages = messages
        self.continuation = continuation
        acceptedAt = .now
        missing = messages.count
        results = Array(repeating: .confirmed, count: messages.count)
        isAnswered = Array(repeating: false, count: messages.count)
    }

    /// Whether the caller has its answer.
    var isFinished: Bool { continuation == nil }

    var hasUnsent: Bool { !isFinished && next < messages.count }

    /// Answers for one message; the last answer resumes the caller.
    func answer(_ index: Int, _ result: PublishResult) {
        guard !isFinished, !isAnswered[index] else { return }
        isAnswered[index] = true
        results[index] = result
        missing -= 1
        if missing == 0 { finish() }
    }

    /// Answers for every message that has no answer yet.
    func giveUp(_ reason: String) {
        for index in messages.indices where !isFinished && !isAnswered[index] {
            answer(index, .unconfirmed(reason: reason))
        }
    }

    private func finish() {
        continuation?.resume(returning: results)
        continuation = nil
    }
}
