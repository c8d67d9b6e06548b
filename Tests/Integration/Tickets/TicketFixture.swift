import FlotillaModels
@testable import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import FlotillaTicketDocuments
@testable import FlotillaTickets
@testable import FlotillaWebhooks
import Foundation
import Synchronization
import Testing

/// The tickets worker over a schema and a folder of its own.
struct TicketFixture: Sendable {
    let pool: PostgresPool
    let folder: URL
    let store: CountingStore
    let keys: TicketKeys
    private let worker: TicketWorker
    private let database: TestDatabase
    private let configuration: TicketConfiguration

    static func with(
        _ change: (inout TicketConfiguration) -> Void = { _ in },
        store: ((URL) -> any TicketFileStore)? = nil,
        _ body: (TicketFixture) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tickets.\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await TestDatabase.with(size: 8, migrated: true) { database in
            var configuration = TicketConfiguration(
                address: TicketAddress(base: "https://cdn.eventplanner.com/tickets", isProven: false),
                threads: 2
            )
            configuration.templates = ["12": .standard, "13": .vip]
            change(&configuration)
            let master = MasterKeys.generate()
            let keys = TicketKeys(database.pool, masters: try MasterKeyring { try MasterKeys(master) })
            let renderer = TicketRenderer(threads: configuration.threads)
            defer { renderer.close() }
            let counting = CountingStore(store?(folder) ?? TicketFolder(folder.path))
            try await body(TicketFixture(database, database.pool, folder, counting, keys, renderer, configuration))
        }
    }

    /// Another process of workers on the same tickets, with connections and a renderer of its own.
    func beside(_ body: (TicketFixture) async throws -> Void) async throws {
        let pool = try database.otherPool(size: 4, named: "beside")
        let renderer = TicketRenderer(threads: configuration.threads)
        defer { renderer.close() }
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(TicketFixture(database, pool, folder, store, keys, renderer, configuration))
            )
        } catch { result = .failure(error) }
        await pool.close()
        try result.get()
    }

    private init(
        _ database: TestDatabase,
        _ pool: PostgresPool,
        _ folder: URL,
        _ store: CountingStore,
        _ keys: TicketKeys,
        _ renderer: TicketRenderer,
        _ configuration: TicketConfiguration
    ) {
        (self.pool, self.folder, self.store, self.keys) = (pool, folder, store, keys)
        (self.database, self.configuration) = (database, configuration)
        worker = TicketWorker(
            pool,
            keys: keys,
            renderer: renderer,
            store: store,
            webhooks: WebhookOutbox(topology: Topology()),
            configuration
        )
    }

    /// Hands the job to the worker, as its queue would.
    @discardableResult
    func handle(_ body: String, id: String = UUIDv7.make()) async -> Result<Outcome, any Error> {
        let harness = HandlerHarness(worker, queue: "ticket.generation.requested", pool)
        return await harness.handle([.init(id: id, event: "ticket.generation.requested", body: body)])[0]
    }

    /// Hands the job to the worker, and returns what it reports of its progress.
    func notes(_ body: String) async -> [String] {
        let notes = Mutex<[String]>([])
        let harness = HandlerHarness(worker, queue: "ticket.generation.requested", pool)
        let inputs = [HandlerHarness.Input(id: UUIDv7.make(), event: "ticket.generation.requested", body: body)]
        _ = await harness.handle(inputs) { note in notes.withLock { $0.append(note) } }
        return notes.withLock { $0 }
    }

    /// A job of the shape of the seed.
    static func job(
        _ id: String = "uuid-123",
        tickets: [String] = [ticket(789)],
        data: String = #""event_title": "Tech Conference 2026", "event_date": "2026-06-15T09:00:00Z""#
    ) -> String {
        #"{"job_id": "\#(id)", "event_id": 456, "tickets": [\#(tickets.joined(separator: ","))], "template_data": {\#(data)}}"#
    }

    static func ticket(_ id: Int, guest: String = "John Doe", more: String = "") -> String {
        #"""
        {"ticket_id": \#(id), "ticket_code": "TKT-\#(id)", "guest_name": "\#(guest)", "type": "standard",
         "template_id": 12\#(more)}
        """#
    }

    /// The bodies of the events that await publishing.
    func events(_ name: String = TicketWorker.completed) async throws -> [JSONValue] {
        try await pool.query(
            SQLStatement("SELECT body FROM outbox WHERE routing_key = $1 ORDER BY id", [.text(name)])
        ).map { try JSONValue($0.bytes(0) ?? []) }
    }

    func tickets() async throws -> [GeneratedTicket] { try await TicketRecords(pool).list(.init(limit: 500)) }

    func count(_ sql: String) async throws -> Int { Int(try await pool.query(SQLStatement(sql))[0].int(0) ?? -1) }

    /// Every file there is, by its path below the folder.
    func files() -> [String] {
        FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String }.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: folder.appending(path: $0).path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted() ?? []
    }
}
