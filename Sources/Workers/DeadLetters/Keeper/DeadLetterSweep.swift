package import FlotillaMessaging
package import FlotillaModels
package import FlotillaTelemetry
import Synchronization
package import Workers

/// One pass of the keeper: files what lies in the dead-letter queues now, and comes back.
package struct DeadLetterSweep: Sendable {
    private let topology: Topology
    private let broker: any Broker
    private let keeper: Keeper

    package init(
        topology: Topology,
        broker: any Broker,
        store: DeadLetterStore,
        observers: [any DeadLetterObserver],
        log: Log
    ) {
        self.topology = topology
        self.broker = broker
        keeper = Keeper(topology: topology, broker: broker, store: store, observers: observers, log: log)
    }

    /// How long nothing may happen before the pass ends; a keeper that runs beside it takes messages too.
    private static let idleTimeout = Duration.seconds(3)

    /// Returns how many were filed, once no queue has any ready or nothing has come for a while.
    ///
    /// A dead-letter queue that does not exist counts as empty.
    @discardableResult
    package func run() async throws -> Int {
        let waiting = try await ready()
        // One pass over what was set aside; where the table is not made yet there is nothing in it.
        try? await keeper.retryAll()
        guard !waiting.isEmpty else { return 0 }
        let consumer = try await keeper.consumer(of: waiting.keys.sorted())
        let filed = FiledCount()
        return await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                await keeper.fileAll(from: consumer) { count in filed.add(count) }
            }
            await waitUntilQuiet(waiting.values.reduce(0, +)) { filed.count }
            tasks.cancelAll()
            await consumer.close()
            await tasks.waitForAll()
            return filed.count
        }
    }

    private func waitUntilQuiet(_ expected: Int, filed: () -> Int) async {
        var seen = 0
        var since = ContinuousClock.now
        while !Task.isCancelled {
            let count = filed()
            if count != seen { (seen, since) = (count, .now) }
            if ContinuousClock.now - since > Self.idleTimeout { return }
            if count >= expected, let rest = try? await ready(), rest.isEmpty { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// How many are ready in each dead-letter queue that has any.
    private func ready() async throws -> [String: Int] {
        try await broker.depths(of: Keeper.queues(of: topology)).mapValues(\.ready).filter { $0.value > 0 }
    }
}

/// How many have been filed so far.
private final class FiledCount: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { value.load(ordering: .relaxed) }

    func add(_ count: Int) { value.add(count, ordering: .relaxed) }
}
