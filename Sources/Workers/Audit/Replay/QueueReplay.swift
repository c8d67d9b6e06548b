import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import Workers

/// Brings a queue that was lost what it missed: by itself after the queue has been declared again.
///
/// It also keeps the marks from which on a replay has to look, and declares what nobody can replay: events that the audit
/// log's own queue has lost.
struct QueueReplay: FleetService {
    private let topology: Topology
    private let pool: PostgresPool
    private let broker: any Broker
    private let inspection: (any BrokerInspection)?
    private let missed: MissedMessages
    private let jobs: LostJobs
    private let auditLoss: AuditLoss
    private let inboxRetention: Duration
    private let process = ProcessName.current
    private let replayed: Counter
    private let log: Log

    /// Between two looks for queues to mark, and for gaps to fill.
    private static let markInterval = Duration.seconds(4)
    private static let gapInterval = Duration.seconds(1)
    /// How long an audit log that stays behind is waited for.
    private static let auditWait = Duration.seconds(600)

    static let metrics = [
        MetricDescription(
            "flotilla_replayed_total",
            .counter,
            "Messages that a queue had missed and that were sent to it again."
        ),
        MetricDescription("flotilla_audit_gaps_total", .counter, "Losses of the audit log's own queue."),
    ]

    /// Whether lost queues are replayed by themselves; their marks are kept anyhow, for a replay by hand.
    private let isAutomatic: Bool

    init(_ context: ModuleContext, privacy: AuditPrivacy) {
        isAutomatic = context.repairsTopology
        topology = context.topology
        pool = context.postgres
        broker = context.broker
        inspection = context.inspection
        inboxRetention = context.inboxRetention
        missed = MissedMessages(pool, privacy: privacy, topology: topology)
        jobs = LostJobs(pool, topology: topology)
        log = context.log
        replayed = context.metrics.counter(Self.metrics[0])
        auditLoss = AuditLoss(
            pool: pool,
            topology: topology,
            process: process,
            gaps: context.metrics.counter(Self.metrics[1]),
            log: log
        )
    }

    func run() async {
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { await mark() }
            if isAutomatic { tasks.addTask { await fill() } }
        }
    }

    // MARK: Marks

    private func mark() async {
        let queues = topology.queues.flatMap { [$0.name, $0.deadLetterQueue] }
        repeat {
            let start = ContinuousClock.now
            guard let depths = try? await broker.depths(of: queues) else { continue }
            let drained = depths.filter { $0.value.ready == 0 }.keys.sorted()
            let age = ContinuousClock.now - start
            _ = try? await pool.pipeline(
                QueueGaps.mark(existing: depths.keys.sorted(), drained: drained, age: age)
            )
        } while (try? await Task.sleep(for: Self.markInterval)) != nil
    }

    // MARK: Gaps

    private func fill() async {
        while (try? await Task.sleep(for: Self.gapInterval)) != nil {
            guard let claimed = try? await pool.query(QueueGaps.claim(by: process)) else { continue }
            let gaps = QueueGaps.claimed(claimed)
            guard !gaps.isEmpty else { continue }
            do { try await fill(gaps) } catch { await giveBack(gaps, after: error) }
        }
    }

    private func giveBack(_ gaps: [QueueGap], after error: any Error) async {
        _ = try? await pool.query(QueueGaps.giveBack(gaps, by: process))
        guard !Task.isCancelled else { return }
        log.warning(
            "what queues missed can't be replayed now; trying on",
            ["queues": .integer(gaps.count), "problem": .string("\(error)")]
        )
    }

    private func fill(_ gaps: [QueueGap]) async throws {
        var replays: [String: QueueToReplay] = [:]
        for gap in gaps {
            let name = QueueName.origin(ofDeadLetterQueue: gap.queue) ?? gap.queue
            guard let queue = topology.queue(named: name) else {
                try await finish([gap], "the queue is not in the queue file any more")
                continue
            }
            if queue.worker != AuditWorker.name {
                // What still waits in a queue whose dead-letter queue was lost must not come twice.
                if gap.queue != name, try await broker.depth(of: name)?.ready != 0 {
                    _ = try await pool.query(QueueGaps.giveBack([gap], by: process))
                } else {
                    replays[name, default: QueueToReplay(queue, in: topology)].add(gap)
                }
            } else if gap.queue == name {
                do { try await auditLoss.declare(gap) } catch { await giveBack([gap], after: error) }
            } else {
                try await finish([gap], "dead letters of \(name) that were not filed are lost")
            }
        }
        guard !replays.isEmpty else { return }
        let publisher = try await broker.publisher(named: "flotilla replay")
        let result: Result<Void, any Error>
        do { result = .success(try await run(Array(replays.values), publisher)) } catch { result = .failure(error) }
        await publisher.close()
        try result.get()
    }

    /// Reads the audit log for all of the queues until everything is there that was published before they were back.
    private func run(_ replays: [QueueToReplay], _ publisher: any MessagePublisher) async throws {
        guard let known = try await pool.query(Inbox.knownSince(retention: inboxRetention)).first?.timestamp(0) else {
            throw ReplayError(detail: "the database does not tell its time")
        }
        var replays = replays
        for index in replays.indices { replays[index].limit(to: known) }
        replays = try await each(replays) { replay in
            guard replay.hasLostMessages else { return }
            replay.jobs = try await jobs.resend(to: replay.queue, before: replay.declaredAt)
        }
        var catchUp = AuditCatchUp()
        let endsAt = ContinuousClock.now + Self.auditWait
        while !replays.isEmpty {
            let isComplete = catchUp.isComplete(try await sight(), at: .now)
            let isLast = isComplete || .now >= endsAt
            replays = try await each(replays) { try await advance(&$0, publisher) }
            replays = try await held(replays)
            if isLast {
                for index in replays.indices { replays[index].isIncomplete = !isComplete }
                break
            }
            try await Task.sleep(for: Self.gapInterval)
        }
        for replay in replays { try await finish(replay) }
    }

    /// Changes each, and leaves for another try those with which that fails: one queue holds up no other.
    private func each(
        _ replays: [QueueToReplay],
        _ change: (inout QueueToReplay) async throws -> Void
    ) async throws -> [QueueToReplay] {
        var changed: [QueueToReplay] = []
        for var replay in replays {
            do {
                try await change(&replay)
                changed.append(replay)
            } catch {
                if Task.isCancelled { throw error }
                await giveBack(replay.gaps, after: error)
            }
        }
        return changed
    }

    private func advance(_ replay: inout QueueToReplay, _ publisher: any MessagePublisher) async throws {
        let gaps = replay.gaps
        var sent = 0
        let count = try await missed.find(for: replay.queue, from: replay.start, after: &replay.place) { messages in
            try await publish(messages, publisher)
            sent += messages.count
            replayed.increment(by: messages.count)
            _ = try await pool.query(QueueGaps.stillHeld(gaps, by: process))
        }
        replay.sent += sent
        replay.leftOut += count.leftOut
    }

    /// Those of which no queue was lost again.
    private func held(_ replays: [QueueToReplay]) async throws -> [QueueToReplay] {
        let held = try await pool.query(QueueGaps.stillHeld(replays.flatMap(\.gaps), by: process))
        let ids = Set(held.compactMap { $0.int(0) })
        return replays.filter { replay in replay.gaps.allSatisfy { ids.contains($0.id) } }
    }

    private func finish(_ replay: QueueToReplay) async throws {
        let sent = replay.sent + replay.jobs
        try await finish(replay.gaps, replay.note, replayed: sent, leftOut: replay.leftOut)
        guard sent + replay.leftOut > 0 || replay.isIncomplete else { return }
        log.warning(
            "replayed what a queue had missed",
            [
                "queue": .string(replay.queue.name), "messages": .integer(replay.sent), "jobs": .integer(replay.jobs),
                "left_out": .integer(replay.leftOut), "since": .string(WallClock.iso8601(replay.start)),
            ]
        )
    }

    private func publish(_ messages: [OutgoingMessage], _ publisher: any MessagePublisher) async throws {
        for result in await publisher.publish(messages) where !result.isConfirmed {
            throw ReplayError(detail: "the broker has not confirmed a message: \(result)")
        }
    }

    /// What there is to see of the audit log's queue and its worker.
    private func sight() async throws -> AuditCatchUp.Sight {
        guard let audit = topology.queues.first(where: { $0.worker == AuditWorker.name }) else {
            return AuditCatchUp.Sight(ready: 0, unacknowledged: 0)
        }
        let unacknowledged = try? await inspection?.unacknowledged()[audit.name]
        let rows = try await pool.query(
            SQLStatement("SELECT max(recorded_at) > now() - interval '5 seconds' FROM audit_lanes")
        )
        return AuditCatchUp.Sight(
            ready: try await broker.depth(of: audit.name)?.ready,
            unacknowledged: unacknowledged,
            isWriting: rows.first?.bool(0) ?? false
        )
    }

    private func finish(_ gaps: [QueueGap], _ note: String, replayed: Int = 0, leftOut: Int = 0) async throws {
        _ = try await pool.query(
            QueueGaps.finished(gaps, by: process, replayed: replayed, leftOut: leftOut, note: note)
        )
    }
}

private struct ReplayError: Error, CustomStringConvertible {
    let detail: String
    var description: String { detail }
}
