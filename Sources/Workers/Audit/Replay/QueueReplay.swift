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
    private let missed: MissedMessages
    private let process = ProcessName.current
    private let replayed: Counter
    private let auditGaps: Counter
    private let log: Log

    /// Between two looks for queues to mark, and for gaps to fill.
    private static let markInterval = Duration.seconds(4)
    private static let gapInterval = Duration.seconds(1)
    /// How long after its queue was empty the audit worker may need for what it has in hand.
    private static let auditDelay = Duration.seconds(2)
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
        missed = MissedMessages(pool, privacy: privacy, topology: topology)
        log = context.log
        replayed = context.metrics.counter(Self.metrics[0])
        auditGaps = context.metrics.counter(Self.metrics[1])
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
        var replays: [String: Replay] = [:]
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
                    replays[name, default: Replay(queue)].add(gap)
                }
            } else if gap.queue == name {
                do { try await declareLoss(gap) } catch { await giveBack([gap], after: error) }
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
    private func run(_ replays: [Replay], _ publisher: any MessagePublisher) async throws {
        var replays = replays
        for index in replays.indices where replays[index].hasLostMessages {
            replays[index].jobs = try await resendJobs(of: replays[index].queue, before: replays[index].declaredAt)
        }
        var endsAt = ContinuousClock.now + Self.auditWait
        var isBehind = true
        while true {
            if isBehind, try await auditIsEmpty() {
                isBehind = false
                endsAt = .now + Self.auditDelay
            }
            let isLast = .now >= endsAt
            for index in replays.indices { try await advance(&replays[index], publisher) }
            replays = try await held(replays)
            if isLast { break }
            try await Task.sleep(for: Self.gapInterval)
        }
        for var replay in replays {
            replay.isIncomplete = isBehind
            try await finish(replay)
        }
    }

    private func advance(_ replay: inout Replay, _ publisher: any MessagePublisher) async throws {
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
    private func held(_ replays: [Replay]) async throws -> [Replay] {
        let held = try await pool.query(QueueGaps.stillHeld(replays.flatMap(\.gaps), by: process))
        let ids = Set(held.compactMap { $0.int(0) })
        return replays.filter { replay in replay.gaps.allSatisfy { ids.contains($0.id) } }
    }

    private func finish(_ replay: Replay) async throws {
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

    private func resendJobs(of queue: QueueDefinition, before time: Int64) async throws -> Int {
        let types = queue.bindings.filter { $0.exchange == topology.commands.name }.map(\.key)
        guard !types.isEmpty else { return 0 }
        let jobs = Jobs(pool, exchange: topology.commands.name)
        var (sent, last) = (0, "")
        while true {
            let ids = try await jobs.resend(types: types, enqueuedBefore: time, after: last)
            guard let id = ids.last else { return sent }
            sent += ids.count
            last = id
        }
    }

    /// Whether no event waits for its row in the audit log: what was published before the queue was back is there then, but
    /// for what the worker has in hand.
    private func auditIsEmpty() async throws -> Bool {
        guard let audit = topology.queues.first(where: { $0.worker == AuditWorker.name }) else { return true }
        return try await broker.depth(of: audit.name)?.ready == 0
    }

    private func finish(_ gaps: [QueueGap], _ note: String, replayed: Int = 0, leftOut: Int = 0) async throws {
        _ = try await pool.query(
            QueueGaps.finished(gaps, by: process, replayed: replayed, leftOut: leftOut, note: note)
        )
    }

    // MARK: The audit log's own queue

    /// Says that events are missing from the audit log, and how many are known to: those that another queue's worker has
    /// handled in that time.
    private func declareLoss(_ gap: QueueGap) async throws {
        // What the workers still had in hand when the queue went is recorded by then.
        try await Task.sleep(for: .seconds(2))
        let known = try await knownMissing(gap)
        let (since, until) = (WallClock.iso8601(gap.since), WallClock.iso8601(gap.declaredAt))
        let note = "\(gap.queue) was lost: events from \(since) to \(until) \(QueueLoss.auditNote)"
        try await finish([gap], note, leftOut: known)
        auditGaps.increment()
        log.error(
            "the audit log's queue was lost; events of that time have no audit row",
            [
                "queue": .string(gap.queue), "since": .string(since), "until": .string(until),
                "known_missing": .integer(known),
            ]
        )
    }

    private func knownMissing(_ gap: QueueGap) async throws -> Int {
        let consumers = topology.queues.filter { queue in
            queue.worker != AuditWorker.name && queue.bindings.allSatisfy { $0.exchange == topology.events.name }
        }
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT count(*) FROM (
                    SELECT message_id FROM inbox WHERE received_at BETWEEN $1 AND $2 AND consumer = ANY ($3)
                    EXCEPT SELECT message_id FROM audit_logs WHERE recorded_at >= $1 - interval '1 hour') AS missing
                """,
                [.timestamp(gap.since), .timestamp(gap.declaredAt), .textArray(consumers.map(\.name))]
            )
        )
        return Int(rows.first?.int(0) ?? 0)
    }
}

/// One queue, and how far its replay is.
private struct Replay {
    let queue: QueueDefinition
    var gaps: [QueueGap] = []
    var start = Int64.max
    var declaredAt: Int64 = 0
    var place = MissedMessages.Place()
    var sent = 0
    var jobs = 0
    var leftOut = 0
    /// Whether the queue itself was lost with what lay in it, jobs among it.
    var hasLostMessages = false
    /// Whether the audit log was still behind when it was waited for no longer.
    var isIncomplete = false

    init(_ queue: QueueDefinition) { self.queue = queue }

    mutating func add(_ gap: QueueGap) {
        gaps.append(gap)
        start = min(start, gap.since - (gap.isUnbound ? 0 : queue.replayMargin.milliseconds * 1_000))
        if gap.queue == queue.name, !gap.isUnbound { hasLostMessages = true }
        declaredAt = max(declaredAt, gap.declaredAt)
    }

    var note: String {
        let command = "flotilla topology replay \(queue.name) --since \(WallClock.iso8601(start))"
        if isIncomplete { return "the audit log was behind for ten minutes; once it is not: \(command)" }
        guard leftOut > 0 else { return "" }
        return "without an id, or of people who are forgotten; with the former: \(command) --without-ids"
    }
}

private struct ReplayError: Error, CustomStringConvertible {
    let detail: String
    var description: String { detail }
}
