import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage
public import FlotillaTelemetry
import Glibc
import Synchronization

/// The workers of one process: consumes their queues and runs their messages until it is stopped.
///
/// ```swift
/// let fleet = try Fleet(FleetConfiguration(topology: topology, rabbitMQ: …, postgres: …))
/// try fleet.register(Greeter())
/// try await fleet.run()
/// ```
public final class Fleet: Sendable {
    private enum Phase: Sendable {
        case idle, running, draining, ending
    }

    private struct State {
        var registry = WorkerRegistry()
        var groups: [WorkerGroup] = []
        var phase = Phase.idle
        var hasRun = false
        /// Whether messages have been taken.
        var hasBegun = false
    }

    private let state = Mutex(State())
    let setup: FleetSetup
    private let stopRequest = Signal()

    public var metrics: Metrics { setup.metrics }
    public var log: Log { setup.log }

    package init(_ setup: FleetSetup) {
        self.setup = setup
    }

    /// Adds a worker of a module. Call it before ``run()``.
    func register(_ registration: WorkerRegistration) throws(FleetError) { try add(registration.handler) }

    /// Adds a worker. Call it before ``run()``.
    ///
    /// - Throws: `FleetError` when the worker's name and events are taken.
    public func register(_ worker: some Worker) throws(FleetError) { try add(SingleHandler(implementation: worker)) }

    /// Adds a worker that takes batches. Call it before ``run()``.
    public func register(_ worker: some BatchWorker) throws(FleetError) {
        try add(BatchHandler(implementation: worker))
    }

    private func add(_ handler: any MessageHandler) throws(FleetError) {
        try state.withLock { (state) throws(FleetError) in try state.registry.add(handler) }
    }

    /// Whether queues are being consumed: false before the start and from the begin of a drain on.
    public var isRunning: Bool { state.withLock { $0.phase == .running } }

    /// Whether messages have been taken since the start.
    package var hasBegun: Bool { state.withLock(\.hasBegun) }

    /// The queues that wait because the database lacks what their workers need.
    package var heldQueues: [HeldQueue] {
        let groups = state.withLock { $0.groups }
        return groups.flatMap { $0.runners.values.compactMap(\.hold.report) }.sorted { $0.queue < $1.queue }
    }

    /// Stops taking messages, finishes what runs, and lets ``run()`` return. A second call stops waiting.
    public func shutdown() {
        state.withLock { state in
            state.phase = state.phase == .draining || state.phase == .ending ? .ending : .draining
        }
        stopRequest.fire()
    }

    /// Stops the deliveries of a queue in this process; what waits here goes back to the broker.
    public func pause(_ queue: String) async {
        for group in state.withLock({ $0.groups }) {
            guard let runner = group.runners[queue] else { continue }
            await group.pause(runner)
        }
    }

    /// Takes a paused queue up again.
    public func resume(_ queue: String) async {
        for group in state.withLock({ $0.groups }) {
            guard let runner = group.runners[queue] else { continue }
            await group.resume(runner)
        }
    }

    /// Consumes until ``shutdown()``, then drains and returns. May be called once: what the modules hold is closed then.
    ///
    /// - Throws: `FleetError` when it can't start. Nothing that happens later makes it throw.
    public func run() async throws {
        let hasRun = state.withLock { state in
            defer { state.hasRun = true }
            return state.hasRun
        }
        guard !hasRun else { throw FleetError(code: .hasRun, detail: "this fleet has run; make another") }
        Signals.ignoreBrokenPipes()
        do {
            try await consume()
        } catch {
            await setup.close()
            throw error
        }
        await setup.close()
    }

    private func consume() async throws {
        let registry = state.withLock { $0.registry }
        let (assigned, unassigned) = try registry.assign(setup.topology.queues, only: setup.only)
        if !unassigned.isEmpty, setup.only == nil {
            let names = unassigned.map(\.name).joined(separator: ", ")
            log.warning("nothing handles these queues here; their messages wait", ["queues": .string(names)])
        }
        let journal = try openJournal(capacity: assigned.reduce(0) { $0 + QueueRunner.capacity(of: $1.0, $1.1) })
        try await waitForSchema { state.withLock { $0.phase != .idle } }
        let runtime = try await makeRuntime(journal)
        await runtime.suspects.share()
        var groups: [WorkerGroup] = []
        var places = 0
        for (worker, queues) in Dictionary(grouping: assigned, by: \.0.worker).sorted(by: { $0.key < $1.key }) {
            groups.append(try await makeGroup(worker, queues, runtime, journalBase: places))
            places += queues.reduce(0) { $0 + QueueRunner.capacity(of: $1.0, $1.1) }
        }
        let started = groups
        let isToStart = state.withLock { state in
            state.groups = started
            if state.phase == .idle {
                state.phase = .running
                state.hasBegun = true
            }
            return state.phase == .running
        }
        if isToStart {
            log.info("workers are running", ["queues": .integer(assigned.count), "workers": .integer(groups.count)])
            await serve(groups, runtime)
        } else {
            for group in groups { await group.consumer.close() }
        }
        await runtime.publisher.close()
        await setup.tracker.finish()
        journal.markClean()
        log.info("workers have stopped")
    }

    private func serve(_ groups: [WorkerGroup], _ runtime: RuntimeServices) async {
        let idle = Signal()
        await withDiscardingTaskGroup { tasks in
            for group in groups {
                tasks.addTask { await group.dispatch() }
                tasks.addTask { await group.watch() }
                tasks.addTask { await group.watchSubscriptions() }
            }
            tasks.addTask { await self.watchCancellations(groups, runtime) }
            tasks.addTask { await runtime.suspects.note(in: runtime.effects) }
            if let store = setup.heldQueues {
                let holds = groups.flatMap { $0.runners.values.map(\.hold) }
                let reporter = HeldQueueReporter(store: store, process: runtime.processName, holds: holds)
                tasks.addTask { await reporter.run() }
            }
            for service in setup.services { tasks.addTask { await service.run() } }
            tasks.addTask {
                await withDiscardingTaskGroup { running in
                    for group in groups {
                        for runner in group.runners.values { running.addTask { await runner.run() } }
                    }
                }
                idle.fire()
            }
            await drain(groups, runtime, whenIdle: idle)
            for group in groups { await group.consumer.close() }
            tasks.cancelAll()
        }
        for service in setup.services { await service.finish() }
    }

    /// How soon the handler of a cancelled job is asked to end.
    private static let cancellationInterval = Duration.milliseconds(500)

    /// Asks the handlers of jobs that were cancelled meanwhile to end.
    private func watchCancellations(_ groups: [WorkerGroup], _ runtime: RuntimeServices) async {
        let runners = groups.flatMap(\.runners.values)
        while (try? await Task.sleep(for: Self.cancellationInterval)) != nil {
            guard runners.contains(where: \.runsJobs), let jobs = try? await runtime.effects.cancelling(), !jobs.isEmpty
            else { continue }
            for runner in runners { runner.cancel(jobs) }
        }
    }

    /// Waits for the request to stop, then for what runs: `drain` long, and a little more for the cancelled.
    private func drain(_ groups: [WorkerGroup], _ runtime: RuntimeServices, whenIdle idle: Signal) async {
        await stopRequest.wait()
        log.info("draining", ["seconds": .double(setup.drain.seconds)])
        for group in groups { await group.stopTaking() }
        runtime.breakers.releaseWaiters()
        await wait(for: idle, atMost: setup.drain) { self.state.withLock { $0.phase == .ending } }
        guard !idle.hasFired else { return }
        log.warning("the drain is over; what still runs is cancelled and goes back to its queue")
        for group in groups { group.interrupt() }
        await wait(for: idle, atMost: Self.cancellationTimeout) { false }
        for group in groups { group.giveUp() }
    }

    /// How long cancelled handlers may take to end.
    private static let cancellationTimeout = Duration.seconds(3)

    private func wait(for idle: Signal, atMost limit: Duration, unless isEnding: () -> Bool) async {
        let deadline = ContinuousClock.now + limit
        while !idle.hasFired, .now < deadline, !isEnding() { try? await Task.sleep(for: .milliseconds(10)) }
    }

    /// Takes the first journal that no other process holds, and with it what its last holder left behind.
    private func openJournal(capacity: Int) throws(FleetError) -> RunningJournal {
        for number in 0..<1_000 {
            do {
                let path = "\(setup.stateFolder)/running-\(number).journal"
                let journal = try RunningJournal(path: path, capacity: max(capacity, 1))
                journal.noteFatalSignals()
                return journal
            } catch  where !error.isInUse {
                throw FleetError(code: .stateFolder, detail: "\(error)")
            } catch {
                continue
            }
        }
        throw FleetError(code: .stateFolder, detail: "every journal in \(setup.stateFolder) is in use")
    }

    private func makeRuntime(_ journal: RunningJournal) async throws -> RuntimeServices {
        let suspects = CrashSuspects(
            path: journal.path + ".suspects",
            previousRun: journal.previousRun,
            shared: setup.sharedSuspects,
            log: log
        )
        return RuntimeServices(
            topology: setup.topology,
            publisher: try await setup.broker.publisher(named: "flotilla worker publisher"),
            effects: setup.effects,
            breakers: setup.breakers,
            journal: journal,
            suspects: suspects,
            gate: IsolationGate(),
            tracker: setup.tracker,
            middleware: setup.middleware,
            metrics: metrics,
            log: log,
            processName: ProcessName.current,
            transactionTimeout: setup.transactionTimeout,
            batchBytes: setup.batchBytes,
            unpacking: UnpackingRoom(setup.batchBytes * 8),
            rights: setup.rights
        )
    }

    private func makeGroup(
        _ worker: String,
        _ queues: [(QueueDefinition, any MessageHandler)],
        _ runtime: RuntimeServices,
        journalBase: Int
    ) async throws -> WorkerGroup {
        let subscriptions = queues.map { Subscription(queue: $0.0.name, prefetch: $0.0.prefetch) }
        let consumer = try await setup.broker.consumer(named: "flotilla worker \(worker)", of: subscriptions)
        var runners: [String: QueueRunner] = [:]
        var permits: [String: SharedPermits] = [:]
        var place = journalBase
        for (queue, handler) in queues {
            let shared = queue.family.map { family in
                permits[family] ?? SharedPermits(QueueRunner.parallelism(of: queue, handler))
            }
            if let family = queue.family { permits[family] = shared }
            runners[queue.name] = QueueRunner(
                queue: queue,
                handler: handler,
                consumer: consumer,
                runtime: runtime,
                journalBase: place,
                permits: shared
            )
            place += QueueRunner.capacity(of: queue, handler)
        }
        return WorkerGroup(
            worker: worker,
            consumer: consumer,
            runners: runners,
            suspects: runtime.suspects,
            breakers: runtime.breakers,
            log: log,
            subscriptions: QueueSubscriptions(consumer)
        )
    }
}
