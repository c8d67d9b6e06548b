import FlotillaCommandLineKit
import FlotillaIndexing
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaStorage

/// `flotilla demo`: real samples of every kind, and what became of them.
enum DemoCommand {
    private static let timeout = Option<Int>("timeout", "SECONDS", "How long to wait for the effects")
        .defaulting(to: 15)

    static let all = Command(
        "demo",
        "Publishes samples of every kind, waits, and shows what each worker did",
        takes: [timeout, OutputFormat.option],
        details: "Needs a running fleet. Every id begins with demo- and is new each time, so real data stays apart. "
            + "Exits with 1 when something did not happen in time.",
        examples: ["flotilla demo", "flotilla demo --output json"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let topology = try configuration.topology()
        let demo = Demo(topology: topology)
        let broker = RabbitMQBroker(try configuration.rabbitMQ())
        let limit = Duration.seconds(max(1, invocation[timeout]))
        let backend = try configuration.searchBackend()
        let result = await Task {
            try await checkWorkers(demo, on: broker)
            // Those who work have made it.
            let masters = try configuration.masterKeyring()
            return try await configuration.withPostgres { pool in
                try await publish(demo.samples.prefix(Demo.firstSamples), through: broker)
                // What is used before the payment is handled would be in the month's free plan.
                let deadline = ContinuousClock.now + limit
                while try await !demo.isActive(in: pool), .now < deadline {
                    try await Task.sleep(for: .milliseconds(50))
                }
                try await publish(demo.samples.dropFirst(Demo.firstSamples), through: broker)
                invocation.console.note(
                    "Published \(demo.samples.count) messages as \(demo.run); waiting for their effects"
                )
                return try await wait(for: demo, in: pool, backend.engine(pool), limit)
                    + demo.scanFindings(in: pool, masters: masters)
            }
        }.result
        await broker.close()
        await backend.close()
        let findings = try result.get()
        try invocation.show(
            findings,
            as: Table(
                ["worker", "what", "result", "detail"],
                findings.map { [$0.worker, $0.what, $0.result.rawValue, $0.detail] }
            )
        )
        let missing = findings.filter { $0.result == .missing }
        guard missing.isEmpty else {
            let names = missing.map { "\($0.worker): \($0.what)" }.joined(separator: "; ")
            throw CommandError(
                "not seen in \(limit.text): \(names)",
                remedy: "see the log of the workers and flotilla doctor"
            )
        }
        return .done
    }

    /// Nobody would do the work without a consumer on the queues of this version's workers.
    private static func checkWorkers(_ demo: Demo, on broker: RabbitMQBroker) async throws {
        let depths: [String: QueueDepth]
        do {
            depths = try await broker.depths(of: demo.handledQueues)
        } catch let error as AMQPError {
            throw CommandError("RabbitMQ: \(error.detail)", remedy: "start the fleet with flotilla up")
        }
        for queue in demo.handledQueues {
            guard let depth = depths[queue] else {
                throw CommandError("there is no queue \(queue)", remedy: "run flotilla topology apply")
            }
            guard depth.consumers > 0 else {
                throw CommandError(
                    "no worker takes \(queue)",
                    remedy: "start the fleet with flotilla up or flotilla worker"
                )
            }
        }
    }

    private static func publish(_ samples: ArraySlice<Demo.Sample>, through broker: RabbitMQBroker) async throws {
        let publisher = try await broker.publisher(named: "flotilla demo")
        let results = await publisher.publish(samples.map(\.message))
        await publisher.close()
        for (sample, result) in zip(samples, results) where !result.isConfirmed {
            throw CommandError(
                "the broker has not taken \(sample.message.routingKey): \(result)",
                remedy: "run flotilla topology apply"
            )
        }
    }

    /// Looks until everything has happened or the time is over.
    private static func wait(
        for demo: Demo,
        in pool: PostgresPool,
        _ search: any SearchEngine,
        _ limit: Duration
    ) async throws -> [DemoFinding] {
        let deadline = ContinuousClock.now + limit
        var wasComplete = false
        while true {
            let findings = try await demo.findings(in: pool, search)
            let isComplete = !findings.contains { $0.result == .missing }
            // A second look, so that a duplicate that is counted late does not go unseen.
            if (isComplete && wasComplete) || .now >= deadline { return findings }
            wasComplete = isComplete
            try await Task.sleep(for: .milliseconds(isComplete ? 300 : 100))
        }
    }
}
