import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Synchronization
import WorkerTestKit
import Testing

@testable import Workers

@Suite(.timeLimit(.minutes(3)))
struct QueueLevelsTests {
    /// Notes in which order messages of which level have run, and how many at a time. One that is called "hang" runs until
    /// it is released, whatever anybody says.
    private final class LevelWorker: Worker {
        static let name = "levels"
        static let events = ["run"]
        struct Payload: Decodable, Sendable {}

        private struct State {
            var order: [JobPriority] = []
            var events: Set<String> = []
            var running = 0
            var most = 0
        }

        private let state = Mutex(State())
        /// "hang" runs.
        let hasBegun = Signal()
        let release = Signal()

        var order: [JobPriority] { state.withLock(\.order) }
        var events: Set<String> { state.withLock(\.events) }
        var most: Int { state.withLock(\.most) }

        func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
            if context.messageID == "hang" {
                hasBegun.fire()
                await release.wait()
                return .done
            }
            state.withLock { state in
                state.running += 1
                state.most = max(state.most, state.running)
            }
            for _ in 0..<3 { await Task.yield() }
            let level = JobPriority.allCases.first { $0.level(of: "levels.run") == context.queue } ?? .normal
            state.withLock { state in
                state.running -= 1
                state.order.append(level)
                state.events.insert(context.event)
            }
            return .done
        }
    }

    private func fleet(
        concurrency: Int,
        timeout: Duration = .seconds(30),
        _ body: (TestFleet, LevelWorker) async throws -> Void
    ) async throws {
        let queue = QueueDefinition(
            name: "levels.run",
            worker: LevelWorker.name,
            bindings: [QueueBinding(exchange: "fleet.direct", key: "levels.run")],
            prefetch: 1_000,
            concurrency: concurrency,
            timeout: timeout,
            retry: RetryPolicy(attempts: 1)
        )
        let fleet = try TestFleet(topology: Topology(queues: queue.levels(on: "fleet.direct")))
        let worker = LevelWorker()
        try fleet.register(worker)
        try await body(fleet, worker)
        try await fleet.shutdown()
    }

    private func publish(_ count: Int, _ levels: [JobPriority], in fleet: TestFleet) async throws {
        for _ in 0..<count {
            for level in levels {
                try await fleet.publish(level.level(of: "levels.run"), body: "{}", exchange: "fleet.direct")
            }
        }
    }

    @Test func `high jobs end first, and low ones go on all the while`() async throws {
        try await fleet(concurrency: 1) { fleet, worker in
            try await publish(1_000, [.low, .normal, .high], in: fleet)
            try await fleet.waitUntilSettled(within: .seconds(120))
            let order = worker.order
            #expect(order.count == 3_000)
            #expect(worker.events == ["levels.run"])
            let last = try #require(order.lastIndex(of: .high))
            let until = order[...last]
            #expect((20...150).contains(until.count { $0 == .low }), "\(until.count { $0 == .low })")
            #expect((150...400).contains(until.count { $0 == .normal }), "\(until.count { $0 == .normal })")
        }
    }

    @Test(arguments: [1, 3])
    func `all levels together use no more slots than the queue has`(concurrency: Int) async throws {
        try await fleet(concurrency: concurrency) { fleet, worker in
            try await publish(300, JobPriority.allCases, in: fleet)
            try await fleet.waitUntilSettled(within: .seconds(60))
            #expect(worker.order.count == 900)
            #expect(worker.most == concurrency)
        }
    }

    @Test func `one level alone uses every slot`() async throws {
        try await fleet(concurrency: 4) { fleet, worker in
            try await publish(400, [.low], in: fleet)
            try await fleet.waitUntilSettled(within: .seconds(60))
            #expect(worker.order.count == 400 && worker.most == 4)
        }
    }

    @Test func `a handler that is given up leaves its permit to the others, once`() async throws {
        try await fleet(concurrency: 1, timeout: .milliseconds(300)) { fleet, worker in
            try await fleet.publish("levels.run.high", body: "{}", id: "hang", exchange: "fleet.direct")
            try await fleet.start()
            await worker.hasBegun.wait()
            try await publish(1, [.low], in: fleet)
            try await eventually("the other level has its turn", within: .seconds(60)) { worker.order == [.low] }
            #expect(fleet.deadLetters(of: "levels.run.high").count == 1)
            worker.release.fire()
            try await publish(50, JobPriority.allCases, in: fleet)
            try await fleet.waitUntilSettled(within: .seconds(60))
            #expect(worker.order.count == 151 && worker.most == 1)
        }
    }

    @Test func `a drain gives back what waits for its turn`() async throws {
        try await fleet(concurrency: 1) { fleet, worker in
            try await fleet.publish("levels.run.high", body: "{}", id: "hang", exchange: "fleet.direct")
            try await fleet.start()
            await worker.hasBegun.wait()
            try await publish(1, [.low, .normal], in: fleet)
            try await eventually("they are here") {
                fleet.waiting(in: "levels.run").isEmpty && fleet.waiting(in: "levels.run.low").isEmpty
            }
            let stopped = Task { try await fleet.shutdown() }
            try await eventually("they are back") {
                fleet.waiting(in: "levels.run").count == 1 && fleet.waiting(in: "levels.run.low").count == 1
            }
            worker.release.fire()
            try await stopped.value
            #expect(worker.order.isEmpty)
        }
    }
}
