import FlotillaCommandLineKit
import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaOperations

/// `flotilla queue`: how the queues of queues.yaml stand.
enum QueueCommands {
    private static let worker = Option<String>("worker", "WORKER", "Only the queues of this worker")

    static let all = Command("queue", "Shows the queues", verbs: [list])

    private static let list = Command(
        "list",
        "Lists every queue with what waits in it, who takes it, and how much of it is dead",
        takes: [worker, OutputFormat.option],
        details: "READY leaves out what workers hold at the moment. DEAD counts filed and unfiled dead letters. "
            + "UNDELIVERED counts what the broker keeps because a queue is missing or refuses it: retries for the queue, "
            + "and dead letters for its dead-letter queue. It takes the management API, and may be some seconds old.",
        examples: ["flotilla queue list", "flotilla queue list --worker audit --output json"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let topology = try configuration.topology()
        let declared = topology.queues
        let queues = declared.filter { queue in invocation[worker].map { $0 == queue.worker } ?? true }
        if let worker = invocation[worker], queues.isEmpty {
            let known = Set(declared.map(\.worker)).sorted().joined(separator: ", ")
            throw CommandError("no queue is of a worker called \(worker)", remedy: "there are \(known)")
        }
        let counts = try await filed(configuration, note: invocation.console)
        let undelivered = await undelivered(configuration, note: invocation.console)
        let rows = try await withAdmin(configuration) { admin in
            var rows: [Row] = []
            for queue in queues {
                let depth = try await admin.queueDepth(queue.name)
                let unfiled = try await admin.queueDepth(queue.deadLetterQueue)?.ready ?? 0
                rows.append(
                    Row(
                        name: queue.name,
                        worker: queue.worker,
                        isDeclared: depth != nil,
                        ready: depth?.ready,
                        consumers: depth?.consumers,
                        dead: counts.map { ($0[queue.name]?.count ?? 0) + unfiled } ?? unfiled,
                        undelivered: undelivered.map { QueueCommands.undelivered(for: queue, topology, $0) }
                    )
                )
            }
            return rows
        }
        try invocation.show(rows, as: table(rows))
        if rows.contains(where: { !$0.isDeclared }) {
            invocation.console.note("Some queues are not on the broker: run flotilla topology apply")
        }
        return .done
    }

    private struct Row: Encodable {
        let name: String
        let worker: String
        let isDeclared: Bool
        let ready: Int?
        let consumers: Int?
        let dead: Int
        /// `nil` when it can't be seen.
        let undelivered: Int?
    }

    private static func table(_ rows: [Row]) -> Table {
        Table(
            ["queue", "ready", "consumers", "dead", "undelivered", "worker"],
            rows.map { row in
                [
                    .init(row.name, row.isDeclared ? nil : .dim), .init(row.ready.map(String.init) ?? "–"),
                    .init(row.consumers.map(String.init) ?? "–", row.consumers == 0 ? .yellow : nil),
                    .init(String(row.dead), row.dead > 0 ? .red : nil),
                    .init(row.undelivered.map(String.init) ?? "–", (row.undelivered ?? 0) > 0 ? .red : nil),
                    .init(row.worker),
                ]
            }
        )
    }

    /// What the broker keeps for a queue and for its dead-letter queue.
    ///
    /// - Parameter counts: by the queues that keep it.
    static func undelivered(for queue: QueueDefinition, _ topology: Topology, _ counts: [String: Int]) -> Int {
        counts[queue.name, default: 0] + counts[topology.delay.exitQueue(of: queue.name), default: 0]
    }

    /// By queue; `nil` when the broker can't be asked.
    private static func undelivered(_ configuration: Configuration, note console: Console) async -> [String: Int]? {
        do {
            guard let counts = try await configuration.undelivered() else {
                console.note("Note: UNDELIVERED can't be seen without RABBITMQ_MANAGEMENT_URL")
                return nil
            }
            return counts
        } catch {
            console.note("Note: UNDELIVERED can't be seen: \(error)")
            return nil
        }
    }

    /// `nil` when Postgres can't tell; the queues are worth a look all the same.
    private static func filed(
        _ configuration: Configuration,
        note console: Console
    ) async throws -> [String: (count: Int, oldest: Int64)]? {
        do {
            return try await configuration.withPostgres { try await DeadLetterStore($0).counts() }
        } catch let error as CommandError {
            console.note("Note: DEAD leaves out what is filed: \(error.message)")
            return nil
        }
    }

    private static func withAdmin<R: Sendable>(
        _ configuration: Configuration,
        _ body: (RabbitMQAdmin) async throws -> R
    ) async throws -> R {
        do {
            let admin = try await RabbitMQAdmin.open(try configuration.rabbitMQ(), named: "flotilla queue")
            let result: Result<R, any Error>
            do { result = .success(try await body(admin)) } catch { result = .failure(error) }
            await admin.close()
            return try result.get()
        } catch let error as AMQPError {
            throw CommandError("RabbitMQ: \(error.detail)", remedy: "see flotilla services status")
        }
    }
}
