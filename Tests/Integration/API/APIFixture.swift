@testable import flotilla
import FlotillaIndexing
@testable import FlotillaJobs
import FlotillaQuota
import FlotillaModules
import FlotillaAudit
import FlotillaControlAPI
@testable import FlotillaCron
import FlotillaHTTPRouting
import FlotillaHTTPServer
@testable import FlotillaDeadLetters
@testable import FlotillaIdentity
import FlotillaModels
import FlotillaNotifications
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import FlotillaTickets
import Foundation

/// The control API on a free port, over a schema of its own.
struct APIFixture: Sendable {
    let server: HTTPServer
    let pool: PostgresPool
    let key: APIKey

    static let topology = Topology(
        queues: [
            QueueDefinition(
                name: "audit.all",
                worker: "audit",
                bindings: [
                    QueueBinding(exchange: "fleet.topic", key: "#"),
                    QueueBinding(exchange: "fleet.direct", key: "audit.write"),
                ]
            )
        ]
            + QueueDefinition(
                name: "report.build",
                worker: "reports",
                bindings: [QueueBinding(exchange: "fleet.direct", key: "report.build")]
            ).levels(on: "fleet.direct"),
        jobFields: ["report.build": ["order.id"]]
    )

    /// - Parameters:
    ///   - pool: on a migrated schema.
    ///   - lists: `pool` unless given.
    ///   - states: where live states come from; `nil` is an API without Redis.
    ///   - admission: takes everything in unless given.
    ///   - notifications: `nil` is an API without them.
    ///   - audit: `nil` is an API without it.
    ///   - ticketFiles: `nil` is an API without the files.
    ///   - scanner: `nil` is an API without scans.
    ///   - scopes: what the key may do; all that changes nothing of others' unless given.
    ///   - grants: what the key may hand in; everything that is not the fleet's own unless given.
    ///   - limits: none unless given.
    ///   - origins: no pages unless given.
    ///   - seal: seals where messages came from.
    ///   - revocations: `nil` is an API without them.
    ///   - bulkLimit: how long a body of many jobs may be.
    ///   - events: the routes of streams.
    static func with(
        _ pool: PostgresPool,
        lists: PostgresPool? = nil,
        states: JobStates? = nil,
        admission: AdmissionControl = AdmissionControl(),
        notifications: NotificationTexts? = nil,
        audit: AuditLog? = nil,
        ticketFiles: (any TicketFileStore)? = nil,
        scanner: TicketScanner? = nil,
        scopes: Set<Scope> = [.read, .readPersonal, .enqueue, .send, .view, .edit],
        grants: Grants = Grants(events: ["#"], jobs: ["#"]),
        limits: RequestLimits? = nil,
        origins: CrossOriginPolicy? = nil,
        seal: ReceivedSeal? = nil,
        messages: MessageCatalog = MessageCatalog(),
        revocations: Revocations? = nil,
        bulkLimit: Int = 16 << 20,
        events: (APIContext) -> [Route] = { JobEventRoutes($0).routes },
        _ body: (APIFixture) async throws -> Void
    ) async throws {
        let key = try await APIKeys(pool).create(name: "tests", scopes: scopes, grants: grants)
        let context = APIContext(
            postgres: pool,
            lists: lists,
            redis: nil,
            states: states,
            topology: topology,
            rules: Flotilla.program.intakeRules,
            messages: messages,
            admission: admission,
            metrics: Metrics(),
            log: Log(service: "test", threshold: .error)
        )
        let probe = WriteProbe(pool.configuration, name: "test")
        let server = try ControlAPI.start(
            HTTPServerConfiguration(),
            context,
            readiness: Readiness([HealthCheck.postgres(probe)]),
            limits: limits,
            origins: origins,
            seal: seal,
            routes: JobRoutes(context, bulkLimit: bulkLimit).routes + BatchRoutes(context).routes + events(context)
                + routes(context, notifications, audit, ticketFiles, scanner)
                + (revocations.map { revocationRoutes($0, context) } ?? [])
        )
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(APIFixture(server: server, pool: pool, key: key)))
        } catch { result = .failure(error) }
        await server.stop(within: .seconds(2))
        await probe.close()
        try result.get()
    }

    private static func revocationRoutes(_ revocations: Revocations, _ context: APIContext) -> [Route] {
        TokenRevocationRoutes(
            revocations: revocations,
            pool: context.postgres,
            exchange: context.topology.events.name,
            hasRevoked: {},
            log: context.log
        ).routes
    }

    private static func routes(
        _ context: APIContext,
        _ notifications: NotificationTexts?,
        _ audit: AuditLog?,
        _ ticketFiles: (any TicketFileStore)?,
        _ scanner: TicketScanner?
    ) -> [Route] {
        let (pool, topic) = (context.postgres, context.topology.events.name)
        let quotas = QuotaReader(pool, cache: nil)
        var routes = QuotaRoutes(quotas).routes + SubscriptionRoutes(pool).routes + TokenRoutes(pool).routes
        routes += SearchRoutes(PostgresSearch(pool), pool, exchange: topic).routes
        routes += ProfileRoutes(pool, quotas: quotas, exchange: topic, admission: context.admission).routes
        routes +=
            TicketRoutes(
                pool,
                lists: context.lists,
                routing: context.topology.jobRouting,
                files: ticketFiles,
                admission: context.admission,
                rules: context.rules
            ).routes
        routes += TicketCancelRoutes(pool, topology: context.topology).routes + JobRetryRoutes(context).routes
        routes += scanner.map { ScanRoutes($0).routes } ?? []
        routes += CronRoutes(context).routes
        routes += audit.map { AuditRoutes($0).routes } ?? []
        if let notifications {
            let dispatch = NotificationDispatch(notifications, topology: context.topology)
            routes += NotificationRoutes(pool, dispatch: dispatch, admission: context.admission).routes
            routes +=
                InboxRoutes(pool).routes
                + PreferenceRoutes(pool, templates: notifications.templates, topology: context.topology).routes
        }
        return routes
    }

    func client() throws -> RawClient { try RawClient(port: server.port) }

    /// One request on a connection of its own, from an address of this machine.
    func call(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        headers: [String: String] = [:],
        key: String? = nil,
        from address: String = "127.0.0.1"
    ) async throws -> Response {
        let client = try RawClient(port: server.port, from: address)
        client.send(request(method, path, body, headers: headers, key: key))
        guard let response = await client.response() else {
            throw TestSetupError(description: "no answer to \(method) \(path)")
        }
        return response
    }

    func request(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        headers: [String: String] = [:],
        key: String? = nil
    ) -> String {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: test\r\nX-API-Key: \(key ?? self.key.revealed)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        return text + "\r\n" + (body ?? "")
    }
}

extension Response {
    /// The body as a JSON object.
    func object() throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] else {
            throw TestSetupError(description: "not an object: \(body)")
        }
        return object
    }

    func data() throws -> [String: Any] { try object()["data"] as? [String: Any] ?? [:] }

    /// The code of a failure.
    func code() throws -> String { (try object()["error"] as? [String: Any])?["code"] as? String ?? "" }
}
