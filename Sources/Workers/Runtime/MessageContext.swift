import FlotillaMessaging
public import FlotillaModels
public import FlotillaTelemetry

/// What a handler knows of the message besides its payload, and the way to commit its effects.
public struct MessageContext: Sendable {
    let inbound: InboundMessage
    let environment: HandlerEnvironment

    public var queue: String { environment.queue }
    public var log: Log { environment.log }
    /// The message as its publisher made it: what the fleet added on the way is taken off again.
    public var message: Message { inbound.original }
    /// The event's name: the property `type`, else the routing key.
    public var event: String { inbound.event }
    /// The exchange that the message was first published to.
    public var exchange: String { inbound.exchange }
    /// The routing key that the message was first published with.
    public var routingKey: String { inbound.routingKey }
    /// The idempotency key; one of the fleet's own when the publisher gave none.
    public var messageID: String { inbound.messageID }
    public var correlationID: String? { inbound.correlationID }
    /// 1 for the first execution.
    public var attempt: Int { inbound.attempt }
    public var maxAttempts: Int { inbound.maxAttempts }
    /// Whether an operator has sent it back from the dead letters.
    public var isReplay: Bool { inbound.delivery.message.headers[FleetHeader.replayOf] != nil }
    /// The job that this message carries out, if it is one.
    public var jobID: String? { inbound.job?.id }
    /// The event time that the envelope gives, in microseconds since 1970: a CloudEvent's `time`, or the property `timestamp`.
    public var occurredAt: Int64? { inbound.occurredAt }
    /// When this process received it, in microseconds since 1970.
    public var receivedAt: Int64 { inbound.receivedAt }

    /// Commits the effect of this message exactly once.
    ///
    /// The transaction first records the message as handled. Had it been recorded before, or has its job been
    /// cancelled, `body` does not run and the result is `nil`: return `.done` then. Whatever `body` does through the transaction, and the events it
    /// publishes, commit together with that record.
    public func transaction<Result: Sendable>(
        _ body: (EffectTransaction) async throws -> Result
    ) async throws -> Result? {
        var result: Result?
        let jobs = jobID.map { [$0] } ?? []
        try await environment.effects.transaction(consumer: queue, messageIDs: [messageID], jobs: jobs, first: []) {
            transaction,
            isFresh,
            _ in
            guard isFresh[0] else { return }
            let effect = EffectTransaction(transaction) { job in
                job.new(by: environment.worker, jobID, correlationID, message)
            }
            result = try await body(effect)
            transaction.outgoing += effect.events.map {
                $0.timed(causedBy: message, correlationID, environment.topicExchange)
            }
        }
        return result
    }

    /// The largest result of a job, in bytes of JSON.
    public static let largestResult = 65_536

    /// What the job has come to, shown with it once it has succeeded. The last call counts; nothing happens where the message is
    /// no job.
    ///
    /// - Parameter json: JSON of ``largestResult`` bytes at most. Larger ones belong in a place of their own, and its address
    ///   here.
    /// - Throws: `PermanentError` for what is larger, `InvalidPayload` for what is no JSON: call it before the effect.
    public func setResult(json: [UInt8]) throws {
        guard let job = inbound.job else { return }
        guard json.count <= Self.largestResult else {
            let problem = "the result has \(json.count) bytes; at most \(Self.largestResult) are kept"
            throw PermanentError(type: "result_too_large", message: problem)
        }
        try JSONScanner.check(json)
        job.report.set(result: String(decoding: json, as: UTF8.self))
    }

    /// The same for a value.
    public func setResult(_ value: some Encodable) throws { try setResult(json: EncodedBody.json(value)) }

    /// Reports how far the job is, from 0 to 100, to whoever watches it. Of many reports within 250 ms the newest is kept.
    public func progress(_ percent: Int, _ message: String? = nil) {
        environment.reportProgress(inbound, min(max(percent, 0), 100), message)
    }
}
