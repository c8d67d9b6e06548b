import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import Workers

/// Brings jobs on whose turn it is: when what they wait for has ended, when a key has its turn, when their time is over. Notes
/// what becomes of batches.
///
/// Every process of workers has one. Each step is a transaction that takes rows no other has, so that all of them may run at
/// once, and a crash loses nothing.
final class JobCoordinator: FleetService {
    /// How long at most until it looks without having been told.
    private static let interval = Duration.milliseconds(500)
    private static let step = 500

    private let pool: PostgresPool
    private let ends: EndedJobs
    private let dispatcher: KeyDispatcher
    private let metrics: JobMetrics
    private let log: Log
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(_ context: ModuleContext) {
        pool = context.postgres
        ends = EndedJobs(context.postgres, exchange: context.topology.events.name)
        dispatcher = KeyDispatcher(context.postgres, context.broker, context.topology)
        metrics = JobMetrics(context.metrics)
        log = context.log
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func run() async {
        let signal = signal
        let notices = Task { [pool] in
            for await _ in pool.listen(JobDependencies.channel) { signal.yield() }
        }
        await withTaskCancellationHandler {
            var iterator = signals.makeAsyncIterator()
            while !Task.isCancelled {
                let wait = await pass()
                guard wait > .zero else { continue }
                let timer = Task {
                    try await Task.sleep(for: wait)
                    signal.yield()
                }
                _ = await iterator.next()
                timer.cancel()
            }
        } onCancel: {
            notices.cancel()
            signal.finish()
        }
    }

    /// One look at everything; gives how long until the next.
    private func pass() async -> Duration {
        do {
            let hasMoreLate = try await endLate()
            let hasMoreEnds = try await ends.process(upTo: Self.step)
            let results = try await pool.pipeline([KeyedJobs.arrive(limit: Self.step), KeyedJobs.nextArrival])
            let dispatched = try await dispatcher.dispatch()
            guard !hasMoreLate, !hasMoreEnds, results[0].affected < Self.step else { return .zero }
            let arrival = results[1].first?.double(0).map { Duration.seconds(max($0, 0)) }
            return [arrival, dispatched.next].compactMap(\.self).reduce(Self.interval, min) + .milliseconds(1)
        } catch {
            // Breakers report the outage; the workers' queues are held by them.
            if !Task.isCancelled { log.debug("jobs that wait are not looked at", ["problem": .string("\(error)")]) }
            return Self.interval
        }
    }

    /// Ends jobs that have not started in time, and those whose handlers had time to end; true when there may be more.
    private func endLate() async throws -> Bool {
        try await pool.transaction { transaction in
            let results = try await transaction.pipeline([
                Jobs.expire(limit: Self.step), Jobs.giveUpCancelling(limit: Self.step),
            ])
            let expired = results[0].compactMap { $0.text(0) }
            try await transaction.commit(after: expired.isEmpty ? [] : [Outbox.takeBack(jobs: expired)])
            metrics.expired.increment(by: expired.count)
            metrics.givenUp.increment(by: results[1].count)
            for row in results[1] {
                log.error(
                    "a cancelled job did not end in time and was given up",
                    ["job_id": .string(row.text(0) ?? ""), "type": .string(row.text(1) ?? "")]
                )
            }
            return results.contains { $0.count == Self.step }
        }
    }
}
