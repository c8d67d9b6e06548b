package import FlotillaModels
import FlotillaPlatform
package import FlotillaTelemetry
import Synchronization

/// Has the fleet's missing objects declared again when a connection meets one that is missing.
///
/// Reports return at once; one pass runs at a time, and at most one a second. A pass creates what is missing, with its
/// bindings, and deletes nothing but the bindings that an earlier version led out of the delay ladder by. Any number of processes may do the same at the same time.
package final class TopologyRepair: Sendable {
    /// What a pass needs beside the broker. By default it needs nothing.
    package struct Surroundings: Sendable {
        /// Makes the virtual host and lets the fleet's user in; `false` when it is there already.
        package var makeVirtualHost: (@Sendable () async throws -> Bool)?
        /// Called with the queues whose messages are lost, before any of them is declared again; false when that can't
        /// be noted, and it is called again later.
        package var noteLost: @Sendable (_ losses: [Loss]) async -> Bool = { _ in true }
        /// Called with the queues that get nothing until they are bound again, and have lost nothing before.
        package var noteUnbound: @Sendable (_ queues: [String]) async -> Void = { _ in }
        /// Called with all of these queues once they are there with their bindings.
        package var noteDeclared: @Sendable (_ queues: [String]) async -> Void = { _ in }

        package init() {}
    }

    /// A queue whose messages are lost.
    package struct Loss: Sendable {
        package var queue: String
        /// When it was met last.
        package var metAt: ContinuousClock.Instant
    }

    private struct State {
        /// Queues whose consumers were cancelled, whether or not they are there again, and when.
        var lost: [String: ContinuousClock.Instant] = [:]
        /// Queues that are there again, whose loss could not be noted so far.
        var unnoted: [String: ContinuousClock.Instant] = [:]
        var isReported = false
        var isRunning = false
        var isClosed = false
        var startsAt = ContinuousClock.now
        var failures = 0
        var task: Task<Void, Never>?
    }

    /// Between the starts of two passes.
    private static let interval = Duration.seconds(1)
    /// Between two looks for exchanges that only publishers outside the fleet use.
    private static let watchInterval = Duration.seconds(2)

    private let topology: Topology
    private let configuration: RabbitMQConfiguration
    private let surroundings: Surroundings
    private let declared: Counter
    private let log: Log
    private let state = Mutex(State())

    package init(
        _ topology: Topology,
        on configuration: RabbitMQConfiguration,
        metrics: Metrics,
        log: Log,
        _ surroundings: Surroundings = Surroundings()
    ) {
        self.topology = topology
        self.configuration = configuration
        self.surroundings = surroundings
        self.log = log
        declared = metrics.counter(
            "flotilla_topology_declared_total",
            "Exchanges and queues that were missing on the broker and were declared again."
        )
    }

    // MARK: Reports

    /// A consumer was cancelled, or its queue is not there: what lay in the queue is lost.
    package func report(lost queue: String) { report { $0.lost[queue] = .now } }

    /// A publish went to an exchange that does not exist.
    package func report(missingExchange exchange: String) {
        guard topology.declares(exchange: exchange) else { return }
        report { _ in }
    }

    /// The broker returned a message, since no queue is bound for it.
    package func report(returned exchange: String, _ routingKey: String) {
        guard topology.routes(exchange, routingKey) else { return }
        report { _ in }
    }

    /// The broker refused a connection to a virtual host that had been there.
    package func reportRefusedConnection() { report { _ in } }

    private func report(_ note: (inout State) -> Void) {
        state.withLock { state in
            guard !state.isClosed else { return }
            note(&state)
            state.isReported = true
            guard !state.isRunning else { return }
            state.isRunning = true
            state.task = Task { await self.run() }
        }
    }

    /// Ends the pass under way; later reports are ignored.
    package func close() async {
        let task = state.withLock { state in
            state.isClosed = true
            return state.task
        }
        task?.cancel()
        await task?.value
    }

    // MARK: Passes

    private func run() async {
        while let (lost, startsAt) = next() {
            if startsAt > .now { try? await Task.sleep(until: startsAt) }
            guard !Task.isCancelled else { return }
            do {
                try await pass(lost)
                state.withLock { $0.failures = 0 }
            } catch { failed(lost, error) }
        }
    }

    private func next() -> (lost: [String: ContinuousClock.Instant], startsAt: ContinuousClock.Instant)? {
        state.withLock { state in
            guard state.isReported, !state.isClosed else {
                state.isRunning = false
                return nil
            }
            let startsAt = max(state.startsAt, .now)
            state.startsAt = startsAt + Self.interval
            state.isReported = false
            defer { state.lost = [:] }
            return (state.lost, startsAt)
        }
    }

    /// Puts the work back for another pass, after a wait that grows.
    private func failed(_ lost: [String: ContinuousClock.Instant], _ error: any Error) {
        let failures = state.withLock { state in
            state.lost.merge(lost) { max($0, $1) }
            state.isReported = true
            state.failures += 1
            state.startsAt = .now + Self.interval * (1 << min(state.failures - 1, 4))
            return state.failures
        }
        guard failures == 1, !Task.isCancelled else { return }
        log.warning(
            "what is missing on the broker can't be declared again; trying on",
            ["problem": .string("\(error)"), "remedy": .string("run flotilla topology apply as a user who may")]
        )
    }

    private func pass(_ reported: [String: ContinuousClock.Instant]) async throws {
        let start = ContinuousClock.now
        let (admin, isEmpty) = try await open()
        let result: Result<[TopologyDiff.Difference], any Error>
        do { result = .success(try await restore(reported, on: admin, isEmpty: isEmpty)) } catch {
            result = .failure(error)
        }
        await admin.close()
        let made = try result.get()
        guard !made.isEmpty else { return }
        // Consumers have reported them once more meanwhile; one that is lost again is reported again.
        state.withLock { state in for object in made { state.lost[object.name] = nil } }
        declared.increment(by: made.count)
        log.warning(
            "missing on the broker, declared again",
            [
                "objects": .string(made.map { "\($0.object.rawValue) \($0.name)" }.joined(separator: ", ")),
                "milliseconds": .integer(Int((ContinuousClock.now - start).milliseconds)),
            ]
        )
    }

    private func restore(
        _ reported: [String: ContinuousClock.Instant],
        on admin: RabbitMQAdmin,
        isEmpty: Bool
    ) async throws -> [TopologyDiff.Difference] {
        let start = ContinuousClock.now
        let deployment = TopologyDeployment(of: topology, on: admin, management: nil)
        let plan = try await deployment.plan()
        let missing =
            isEmpty
            ? TopologyDeployment.Missing(exchanges: plan.exchanges, queues: plan.queues)
            : try await deployment.missing(of: plan)
        let known = Set(topology.queues.flatMap { [$0.name, $0.deadLetterQueue] })
        let lost = Set(reported.keys).union(missing.queues.map(\.name)).intersection(known).sorted()
        let exchanges = Set(missing.exchanges.map(\.name))
        // What takes everything is bound first, so that nothing goes past it to others.
        let unbound = topology.queues.filter { queue in
            let bindings = queue.bindings.filter { exchanges.contains($0.exchange) }
            return !lost.contains(queue.name) && !bindings.isEmpty && !bindings.contains { $0.key == "#" }
        }.map(\.name)
        let losses = lost.map { Loss(queue: $0, metAt: reported[$0] ?? start) }
        if !lost.isEmpty, !(await surroundings.noteLost(losses)) {
            state.withLock { state in for loss in losses { state.unnoted[loss.queue] = loss.metAt } }
            log.error(
                "queues were lost, which can't be noted yet: what they missed is replayed once it is",
                [
                    "queues": .string(lost.joined(separator: ", ")),
                    "remedy": .string(
                        "if this process ends before: flotilla topology replay QUEUE --since, from before "
                            + WallClock.iso8601()
                    ),
                ]
            )
        }
        if !unbound.isEmpty { await surroundings.noteUnbound(unbound) }
        let made = try await deployment.declare(missing, of: plan)
        if !lost.isEmpty || !unbound.isEmpty { await surroundings.noteDeclared(lost + unbound) }
        return made
    }

    /// - Returns: a connection, and whether its virtual host has only just been made.
    private func open() async throws -> (RabbitMQAdmin, isEmpty: Bool) {
        do {
            return (try await RabbitMQAdmin.open(configuration, named: "flotilla topology"), false)
        } catch {
            guard error.code == .broker(replyCode: AMQPError.notAllowed) else { throw error }
            guard let makeVirtualHost = surroundings.makeVirtualHost else {
                throw AMQPError(
                    code: error.code,
                    operation: error.operation,
                    detail: "\(error.detail); RABBITMQ_MANAGEMENT_URL would let a missing virtual host be made again"
                )
            }
            guard try await makeVirtualHost() else { throw error }
            log.warning(
                "the virtual host was missing, and is made again",
                ["virtual_host": .string(configuration.virtualHost)]
            )
            return (try await RabbitMQAdmin.open(configuration, named: "flotilla topology"), true)
        }
    }

    // MARK: Watching

    private func noteAgain() async {
        let losses = state.withLock { $0.unnoted.map { Loss(queue: $0.key, metAt: $0.value) } }
        guard !losses.isEmpty, await surroundings.noteLost(losses) else { return }
        state.withLock { state in
            for loss in losses where state.unnoted[loss.queue] == loss.metAt { state.unnoted[loss.queue] = nil }
        }
        await surroundings.noteDeclared(losses.map(\.queue))
        log.info("the lost queues are noted", ["queues": .string(losses.map(\.queue).sorted().joined(separator: ", "))])
    }

    /// Looks for the exchanges every so often until the task is cancelled: publishers outside the fleet see that one is
    /// missing, and nobody in the fleet may. Notes losses that could not be noted.
    package func watch() async {
        let admin = RabbitMQAdmin(configuration, name: "flotilla topology watch")
        let exchanges = topology.exchanges.map(\.name) + [topology.delay.entryExchange, topology.delay.exit]
        while (try? await Task.sleep(for: Self.watchInterval)) != nil {
            await noteAgain()
            for exchange in exchanges {
                guard let exists = try? await admin.exchangeExists(exchange) else { break }
                guard !exists else { continue }
                report(missingExchange: exchange)
                break
            }
        }
        await admin.close()
    }
}

extension AMQPError {
    /// The reply code for a connection to a virtual host that does not exist, or that the user may not enter.
    static let notAllowed = 530
}
