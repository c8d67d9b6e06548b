import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
@testable import Workers

/// Hands messages to a worker as the runtime does, over a real database and without a broker.
struct HandlerHarness: Sendable {
    let handler: any MessageHandler
    let queue: String
    let pool: PostgresPool
    /// Where effects are committed; the pool's database unless given.
    var effects: (any EffectStore)?

    init(_ worker: some BatchWorker, queue: String, _ pool: PostgresPool) {
        handler = BatchHandler(implementation: worker)
        self.queue = queue
        self.pool = pool
    }

    init(_ worker: some Worker, queue: String, _ pool: PostgresPool) {
        handler = SingleHandler(implementation: worker)
        self.queue = queue
        self.pool = pool
    }

    struct Input: Sendable {
        var id: String
        var event: String
        var body: String
        var correlationID: String?
        var attempt = 1
        var jobID: String?
        var headers = HeaderTable()
        var exchange = "fleet.topic"
        /// The event's name unless given.
        var routingKey: String?
        var userID: String?
        var type: String?
        var contentType: String?
    }

    @discardableResult
    func handle(
        _ inputs: [Input],
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async -> [Result<Outcome, any Error>] {
        let environment = HandlerEnvironment(
            queue: queue,
            worker: handler.worker,
            log: Log(service: "test", threshold: .error),
            effects: effects ?? PostgresEffectStore(pool),
            topicExchange: "fleet.topic",
            reportProgress: { _, _, note in progress(note ?? "") }
        )
        return await handler.handle(inputs.map(inbound), in: environment)
    }

    private func inbound(_ input: Input) -> InboundMessage {
        var message = Message(body: Array(input.body.utf8))
        message.properties.messageID = input.id
        message.properties.correlationID = input.correlationID
        message.properties.userID = input.userID
        message.properties.type = input.type
        message.properties.contentType = input.contentType
        message.headers = input.headers
        let delivery = Delivery(
            message: message,
            queue: queue,
            exchange: input.exchange,
            routingKey: input.routingKey ?? input.event,
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
        return InboundMessage(
            delivery: delivery,
            restored: nil,
            data: nil,
            event: input.event,
            exchange: input.exchange,
            routingKey: input.routingKey ?? input.event,
            messageID: input.id,
            hasOwnID: true,
            attempt: input.attempt,
            maxAttempts: 3,
            job: input.jobID.map { JobEnd(id: $0, attempt: input.attempt) },
            occurredAt: nil,
            receivedAt: WallClock.microseconds()
        )
    }
}

extension Result where Success == Outcome {
    var isDone: Bool { if case .success(.done) = self { true } else { false } }
}

extension [Result<Outcome, any Error>] {
    var areDone: Bool { allSatisfy { $0.isDone } }
}
