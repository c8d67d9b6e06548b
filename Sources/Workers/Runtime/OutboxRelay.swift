package import FlotillaMessaging
import FlotillaModels
package import FlotillaStorage
package import FlotillaTelemetry
import Synchronization

/// Publishes what transactions have left in the outbox, and deletes what the broker has confirmed.
///
/// Several relays may run: each takes rows that no other has. A row leaves the table in the transaction that locked it,
/// so a crash in between publishes it once more, and its readers know its message id.
package final class OutboxRelay: Sendable {
    package struct Configuration: Sendable {
        /// How many rows are claimed, published and deleted together.
        package var batch = 200
        /// How often to look without having been told.
        package var sweep: Duration = .seconds(1)
        /// The first wait of a row that the broker refuses or can't route; doubled each time.
        package var refusalWait: Duration = .seconds(1)
        /// The longest such wait: a queue that is full or missing may be put right at any moment.
        package var longestRefusalWait: Duration = .seconds(8)
        /// The longest wait of a row that can't be sent as it is; nothing but another program makes that better.
        package var longestDefectWait: Duration = .seconds(300)
        /// How far rows that are due are counted, twice.
        package var countLimit = 10_000

        package init() {}
    }

    private enum Outcome { case idle, more, outage }

    private let pool: PostgresPool
    private let publisher: any MessagePublisher
    private let log: Log
    private let configuration: Configuration
    private let pending: Gauge
    private let waiting: WaitingGauges
    private let published: Counter
    private let refused: Counter
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private let isStopped = Atomic(false)
    private let counted = Atomic(0)

    package init(
        _ pool: PostgresPool,
        publisher: any MessagePublisher,
        metrics: Metrics,
        log: Log,
        configuration: Configuration = Configuration()
    ) {
        self.pool = pool
        self.publisher = publisher
        self.log = log
        self.configuration = configuration
        waiting = WaitingGauges(metrics)
        pending = metrics.gauge("flotilla_outbox_pending", "Outbox rows that are due, counted up to a limit.")
        published = metrics.counter("flotilla_outbox_published_total", "Outbox rows that the broker has confirmed.")
        refused = metrics.counter(
            "flotilla_outbox_refused_total",
            "Publishings of outbox rows that the broker refused."
        )
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Relays until ``stop()``, or until the task is cancelled. May be called once.
    package func run() async {
        await withTaskGroup { group in
            group.addTask { for await _ in self.pool.listen(Outbox.channel) { self.signal.yield() } }
            group.addTask {
                while (try? await Task.sleep(for: self.configuration.sweep)) != nil { self.signal.yield() }
            }
            signal.yield()
            await relay()
            group.cancelAll()
        }
    }

    /// How many rows were due when they were last counted, which is done every few seconds.
    package var backlog: Int { counted.load(ordering: .relaxed) }

    /// Lets ``run()`` return once the batch under way is done.
    package func stop() {
        isStopped.store(true, ordering: .releasing)
        signal.finish()
    }

    private func relay() async {
        var outages = 0
        var resumesAt = ContinuousClock.now
        var countsAt = ContinuousClock.now
        for await _ in signals {
            guard .now >= resumesAt else { continue }
            var outcome = Outcome.more
            while outcome == .more, !isStopped.load(ordering: .acquiring), !Task.isCancelled {
                outcome = await relayBatch()
            }
            outages = outcome == .outage ? outages + 1 : 0
            if outages > 0 { resumesAt = .now + .milliseconds(250 << min(outages, 5)) }
            if .now >= countsAt {
                countsAt = .now + configuration.sweep * 5
                await count()
            }
        }
    }

    private func relayBatch() async -> Outcome {
        do {
            return try await pool.transaction { transaction in
                let claims = try await transaction.pipeline(Outbox.claim(limit: self.configuration.batch))
                let rows = claims.flatMap(Outbox.claimed).sorted { $0.id < $1.id }
                guard !rows.isEmpty else { return .idle }
                let answers = await self.publish(rows)
                let confirmed = zip(rows, answers).filter { $0.1.isConfirmed }.map(\.0)
                let refusals = zip(rows, answers).compactMap(self.refusal)
                try await transaction.commit(after: Outbox.confirmed(confirmed) + refusals)
                self.published.increment(by: confirmed.count)
                self.refused.increment(by: refusals.count)
                if confirmed.count + refusals.count < rows.count { return .outage }
                return rows.count >= self.configuration.batch ? .more : .idle
            }
        } catch {
            if !Task.isCancelled { log.warning("the outbox waits", ["error": .string("\(error)")]) }
            return .outage
        }
    }

    /// One answer for each row, in order; a row that can't be read counts as refused.
    private func publish(_ rows: [OutboxRow]) async -> [PublishResult] {
        let messages = rows.compactMap { try? $0.message.get() }
        var answers = await publisher.publish(messages).makeIterator()
        return rows.map { row in
            if case .failure(let error) = row.message { return .uncarriable(reason: "unreadable: \(error)") }
            return answers.next() ?? .unconfirmed(reason: "the publisher gave no answer")
        }
    }

    /// The statement that sets a row aside for a while; `nil` when the broker has it, or could not be asked.
    private func refusal(_ row: OutboxRow, _ answer: PublishResult) -> SQLStatement? {
        let reason: String
        var longest = configuration.longestRefusalWait
        switch answer {
        case .confirmed, .unconfirmed: return nil
        case .unroutable(let code, let text): reason = "unroutable: \(code) \(text)"
        case .refused(let text): reason = "refused: \(text)"
        case .uncarriable(let text):
            reason = "can't be sent: \(text)"
            longest = configuration.longestDefectWait
        }
        let wait = min(configuration.refusalWait * (1 << min(row.attempts, 16)), longest)
        let message = try? row.message.get()
        log.warning(
            "the broker did not take an outbox row; it stays for another try",
            correlationID: message?.message.properties.correlationID,
            [
                "outbox_id": .integer(Int(row.id)), "exchange": .string(message?.exchange ?? ""),
                "routing_key": .string(message?.routingKey ?? ""), "attempts": .integer(row.attempts + 1),
                "error": .string(reason), "wait_seconds": .double(wait.seconds),
            ]
        )
        return Outbox.refused(row, error: reason, wait: wait)
    }

    private func count() async {
        guard let count = try? await pool.query(Outbox.pending(upTo: configuration.countLimit)).first?.int(0) else {
            return
        }
        counted.store(Int(count), ordering: .relaxed)
        pending.set(Double(count))
        guard let rows = try? await pool.query(Outbox.waiting) else { return }
        waiting.set(rows.compactMap { row in row.text(0).map { ($0, row.int(1) ?? 0) } })
    }
}

/// A gauge for each queue that has messages waiting in Postgres.
private final class WaitingGauges: Sendable {
    private let metrics: Metrics
    private let gauges = Mutex<[String: Gauge]>([:])

    init(_ metrics: Metrics) { self.metrics = metrics }

    func set(_ counts: [(queue: String, count: Int64)]) {
        gauges.withLock { gauges in
            for gauge in gauges.values { gauge.set(0) }
            for (queue, count) in counts {
                let gauge =
                    gauges[queue]
                    ?? metrics.gauge(
                        "flotilla_outbox_waiting",
                        "Retries, dead letters and snoozed messages in Postgres, since they can't be published.",
                        ["queue": queue]
                    )
                gauges[queue] = gauge
                gauge.set(Double(count))
            }
        }
    }
}
