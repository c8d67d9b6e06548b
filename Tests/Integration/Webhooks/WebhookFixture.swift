import FlotillaModels
import FlotillaOutbound
@testable import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
@testable import FlotillaWebhooks
import Foundation
import Testing

/// The webhooks over a schema of its own, with a receiver on this machine.
struct WebhookFixture: Sendable {
    static let master = MasterKeys.generate()

    /// What the receiver was given.
    struct Request {
        let path: String
        let headers: [String: String]
        let body: [UInt8]
    }

    let pool: PostgresPool
    /// Where the receiver's requests are, and at which port it listens.
    let receiver: StandIn
    let endpoints: WebhookEndpoints
    let outbox: WebhookOutbox
    let seal: WebhookSeal
    let engine: TransferEngine
    let limiters: EndpointLimiters
    let worker: WebhookDeliveryWorker

    /// - Parameter allows: whether the receiver's address may be called.
    static func with(
        size: Int = 8,
        allows: Bool = true,
        limit: Duration = WebhookSender.usualLimit,
        goneAfter: Duration = .seconds(86_400),
        goneAnswers: Int = 3,
        _ body: (WebhookFixture) async throws -> Void
    ) async throws {
        let receiver = try await StandIn("webhook-receiver.py")
        try await TestDatabase.with(size: size, migrated: true) { database in
            let fixture = try WebhookFixture(
                database.pool,
                receiver,
                allows: allows,
                limit: limit,
                goneAfter: goneAfter,
                goneAnswers: goneAnswers
            )
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
            await fixture.engine.close()
            try result.get()
        }
    }

    init(
        _ pool: PostgresPool,
        _ receiver: StandIn,
        topology: Topology = Topology(),
        allows: Bool = true,
        limit: Duration = WebhookSender.usualLimit,
        goneAfter: Duration = .seconds(86_400),
        goneAnswers: Int = 3
    ) throws {
        self.pool = pool
        self.receiver = receiver
        seal = WebhookSeal(try MasterKeyring { try MasterKeys(Self.master) })
        endpoints = WebhookEndpoints(pool, seal: seal)
        outbox = WebhookOutbox(topology: topology)
        engine = WebhookSender.engine()
        let log = Log(service: "test", threshold: .error, descriptor: -1)
        limiters = EndpointLimiters(metrics: Metrics(), log: log)
        let access = WebhookAccess(allowed: allows ? ["127.0.0.1:\(receiver.port)"] : [])
        worker = WebhookDeliveryWorker(
            WebhookDelivery(
                pool: pool,
                seal: seal,
                sender: WebhookSender(engine, access: access, limit: limit),
                limiters: limiters,
                metrics: Metrics(),
                eventExchange: topology.events.name,
                webhooks: outbox,
                goneAfter: goneAfter,
                goneAnswers: goneAnswers
            )
        )
    }

    /// An endpoint at a path of the receiver.
    @discardableResult
    func add(_ name: String, _ path: String = "/", events: [String] = ["*"]) async throws -> WebhookSecret {
        try await add(name, url: "http://127.0.0.1:\(receiver.port)\(path)", events: events)
    }

    @discardableResult
    func add(_ name: String, url: String, events: [String] = ["*"]) async throws -> WebhookSecret {
        try await endpoints.add(WebhookSubscription(name: name, url: EndpointURL(url), events: events))
    }

    func subscription(_ name: String) throws -> WebhookSubscription {
        try WebhookSubscription(name: name, url: EndpointURL("http://127.0.0.1:\(receiver.port)/"), events: ["*"])
    }

    /// Hands a message in, in a transaction of its own; gives its id.
    @discardableResult
    func post(_ event: String = "ticket.completed", _ body: String = #"{"n":1}"#, correlationID: String? = nil)
        async throws -> String
    {
        let message = WebhookMessage(event: event, body: Array(body.utf8), correlationID: correlationID)
        try await pool.transaction { transaction in
            try await outbox.post(message) { try await transaction.pipeline($0) }
        }
        return message.id
    }

    /// The deliveries that wait, the oldest first.
    func waiting() async throws -> [String] {
        try await strings("SELECT id FROM webhook_deliveries WHERE status = 'queued' ORDER BY created_at, id")
    }

    @discardableResult
    func deliver(_ id: String, attempt: Int = 1, isReplay: Bool = false) async -> Result<Outcome, any Error> {
        var input = HandlerHarness.Input(id: id, event: "webhook.deliver", body: #"{"deliveryId":"\#(id)"}"#)
        input.attempt = attempt
        if isReplay { input.headers[FleetHeader.replayOf] = .string("1") }
        return await HandlerHarness(worker, queue: "webhook.deliver", pool).handle([input])[0]
    }

    /// Posts one message and makes its only delivery.
    func postAndDeliver(_ body: String = #"{"n":1}"#) async throws -> (id: String, result: Result<Outcome, any Error>) {
        try await post("ticket.completed", body)
        let waiting = try await waiting()
        let id = try #require(waiting.last)
        return (id, await deliver(id))
    }

    /// Files a dead letter for every delivery that has failed, as the keeper does.
    func fileAll() async throws {
        _ = try await strings(
            """
            INSERT INTO dead_letters (filing_key, queue, message_id, exchange, routing_key, properties, headers, body)
            SELECT id, 'webhook.deliver', id, '', '', '', '', '' FROM webhook_deliveries WHERE status = 'failed'
            RETURNING id::text
            """
        )
    }

    func requests() throws -> [Request] {
        try receiver.files("requests", ".json").map { data in
            let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
            return Request(
                path: object["path"] as? String ?? "",
                headers: object["headers"] as? [String: String] ?? [:],
                body: Base64.decode(object["body"] as? String ?? "") ?? []
            )
        }
    }

    func strings(_ sql: String, _ values: [SQLValue] = []) async throws -> [String] {
        try await pool.query(SQLStatement(sql, values)).map { $0.text(0) ?? "NULL" }
    }

    /// `status attempts reason` of each delivery, the oldest first.
    func states() async throws -> [String] {
        try await strings(
            "SELECT concat_ws(' ', status, attempts, coalesce(reason, '-')) FROM webhook_deliveries ORDER BY created_at, id"
        )
    }
}

extension WebhookFixture.Request {
    /// Whether one of the signatures is by the secret, computed as a receiver does it.
    func isSigned(by secret: WebhookSecret) -> Bool {
        let id = headers["webhook-id"] ?? ""
        let time = headers["webhook-timestamp"] ?? ""
        let key = Base64.decode(String(secret.revealed.dropFirst(6))) ?? []
        let expected = "v1," + Base64.encode(KeyedDigest(key: key).digest(Array("\(id).\(time).".utf8) + body))
        return (headers["webhook-signature"] ?? "").split(separator: " ").contains { $0 == expected }
    }
}
