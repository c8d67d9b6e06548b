import FlotillaModels
@testable import FlotillaNotifications
import FlotillaOutbound
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
@testable import Workers
import Foundation
import Synchronization
import Testing

/// The notification workers over a schema of its own, with the shipped templates and providers that a test scripts.
struct NotificationFixture: Sendable {
    static let topology = Topology(queues: [])
    static let templateFolder = Repository.file("ops/templates").path

    let pool: PostgresPool
    let texts: NotificationTexts
    let mail: ScriptedProvider<MailMessage>
    let sms: ScriptedProvider<TextMessage>
    let email: EmailDeliveryWorker
    let text: SMSDeliveryWorker
    let dispatch: NotificationDispatch

    /// - Parameters:
    ///   - lease: of a notification that is being sent.
    ///   - recordTimeout: with the record of what was accepted, while the database is away.
    static func with(
        size: Int = 8,
        lease: Duration = .seconds(30),
        recordTimeout: Duration = .seconds(15),
        _ body: (NotificationFixture) async throws -> Void
    ) async throws {
        try await TestDatabase.with(size: size, migrated: true) { database in
            try await body(try NotificationFixture(database.pool, lease: lease, recordTimeout: recordTimeout))
        }
    }

    static func texts() throws -> NotificationTexts {
        NotificationTexts(
            templates: try TemplateLibrary(folder: templateFolder),
            identity: NotificationIdentity(
                name: "Flotilla",
                publicURL: "https://fleet.example",
                supportEmail: "help@fleet.example"
            )
        )
    }

    init(_ pool: PostgresPool, lease: Duration, recordTimeout: Duration) throws {
        self.pool = pool
        texts = try Self.texts()
        mail = ScriptedProvider { mail, _ in .accepted(messageID: "m-\(mail.id)") }
        sms = ScriptedProvider { message, _ in .accepted(messageID: "s-\(message.id)") }
        let log = Log(service: "test", threshold: .error)
        let delivery = NotificationDelivery(
            pool,
            texts,
            eventExchange: Self.topology.events.name,
            lease: lease,
            recordTimeout: recordTimeout
        )
        email = EmailDeliveryWorker(
            delivery,
            providers: ProviderChain(.email, providers: [mail], metrics: Metrics(), log: log),
            sender: .init(name: "Flotilla", address: "fleet@fleet.example"),
            identity: texts.identity
        )
        text = SMSDeliveryWorker(
            delivery,
            providers: ProviderChain(.sms, providers: [sms], metrics: Metrics(), log: log),
            sender: nil
        )
        dispatch = NotificationDispatch(texts, topology: Self.topology)
    }

    /// Hands an event to the worker, as its queue would.
    @discardableResult
    func event(_ name: String, _ body: String, id: String = UUIDv7.make()) async -> Result<Outcome, any Error> {
        let harness = HandlerHarness(NotificationEventWorker(dispatch), queue: "notification.\(name)", pool)
        return await harness.handle([.init(id: id, event: name, body: body, correlationID: "c-\(id)")])[0]
    }

    @discardableResult
    func command(
        _ channel: String,
        _ body: String,
        id: String = UUIDv7.make()
    ) async -> Result<Outcome, any Error> {
        let harness = HandlerHarness(NotificationCommandWorker(dispatch), queue: "notification.\(channel)", pool)
        return await harness.handle([.init(id: id, event: "notification.\(channel)", body: body)])[0]
    }

    /// What the job of a command says of its progress.
    func notes(_ channel: String, _ body: String) async -> [String] {
        let notes = Mutex<[String]>([])
        let harness = HandlerHarness(NotificationCommandWorker(dispatch), queue: "notification.\(channel)", pool)
        let input = HandlerHarness.Input(id: UUIDv7.make(), event: "notification.\(channel)", body: body)
        _ = await harness.handle([input]) { note in notes.withLock { $0.append(note) } }
        return notes.withLock { $0 }
    }

    /// Delivers one notification by its message.
    @discardableResult
    func deliver(
        _ id: String,
        channel: Channel = .email,
        attempt: Int = 1,
        isReplay: Bool = false,
        to address: String? = nil,
        effects: (any EffectStore)? = nil
    ) async -> Result<Outcome, any Error> {
        let event = "deliver.\(channel.rawValue)"
        var harness =
            channel == .sms
            ? HandlerHarness(text, queue: "notification.\(event)", pool)
            : HandlerHarness(email, queue: "notification.\(event)", pool)
        harness.effects = effects
        let other = address.map { #","to":"\#($0)""# } ?? ""
        var input = HandlerHarness.Input(id: id, event: event, body: #"{"notificationId":"\#(id)"\#(other)}"#)
        input.attempt = attempt
        if isReplay { input.headers[FleetHeader.replayOf] = .string("1") }
        return await harness.handle([input])[0]
    }

    /// The ids of what waits to be delivered by mail or SMS, in the order in which it was written.
    func waiting() async throws -> [String] {
        try await strings("SELECT id FROM notifications WHERE status = 'queued' ORDER BY id")
    }

    /// Delivers everything that waits.
    func deliverAll() async throws {
        for row in try await pool.query(
            SQLStatement("SELECT id, channel FROM notifications WHERE status = 'queued' ORDER BY id")
        ) {
            await deliver(row.text(0) ?? "", channel: row.text(1).flatMap(Channel.init) ?? .email)
        }
    }

    func strings(_ sql: String, _ values: [SQLValue] = []) async throws -> [String] {
        try await pool.query(SQLStatement(sql, values)).map { $0.text(0) ?? "NULL" }
    }

    /// `channel template status` of each notification.
    func summary() async throws -> [String] {
        try await strings("SELECT concat_ws(' ', channel, template, status) FROM notifications ORDER BY 1")
    }

    /// The names of the events that await publishing.
    func published() async throws -> [String] {
        try await strings(
            "SELECT routing_key FROM outbox WHERE exchange = $1 ORDER BY 1",
            [.text(Self.topology.events.name)]
        )
    }
}

extension Result where Success == Outcome, Failure == any Error {
    /// The type of the failure, as a dead letter would carry it.
    var failureType: String? {
        if case .failure(let error) = self { FlotillaModels.Failure(error).type } else { nil }
    }

    var failureText: String {
        if case .failure(let error) = self { "\(error)" } else { "" }
    }

    var isPermanent: Bool {
        if case .failure(let error) = self { FlotillaModels.Failure(error).isPermanent } else { false }
    }
}
