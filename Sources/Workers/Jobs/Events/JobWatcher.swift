import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import Synchronization

/// Looks at the jobs that streams tell of, once for all streams of the process: twice a second while there are any.
final class JobWatcher: Sendable {
    /// What one look at all jobs has found.
    struct Pass: Sendable {
        let changes: [JobChange]
        /// When this look was and when the one before, in microseconds since 1970 by the database's clock.
        let time: Int64
        let former: Int64
    }

    private struct State {
        var number = 0
        var single: [String: [Int: AsyncStream<JobChange?>.Continuation]] = [:]
        var all: [Int: AsyncStream<Pass>.Continuation] = [:]
        /// Jobs that somebody listens to since the last look, and has to be told of whether they have changed or not.
        var fresh: Set<String> = []
        var isLooking = false
        var isClosed = false
    }

    /// Looks that may wait for a stream; one that is further behind is ended.
    private static let backlog = 8
    /// How many whole records are held at a time.
    private static let step = 50

    private let pool: PostgresPool
    private let states: JobStates?
    private let log: Log
    private let interval: Duration
    private let state = Mutex(State())

    /// - Parameter interval: between two looks.
    init(_ pool: PostgresPool, _ states: JobStates?, log: Log, interval: Duration = .milliseconds(500)) {
        self.pool = pool
        self.states = states
        self.log = log
        self.interval = interval
    }

    /// The job whenever it has changed, whole, the latest change alone where its reader is behind; `nil` when it is gone.
    func changes(of id: String) -> AsyncStream<JobChange?> {
        let (stream, continuation) = AsyncStream<JobChange?>.makeStream(bufferingPolicy: .bufferingNewest(1))
        add(continuation) { state, number in
            state.single[id, default: [:]][number] = continuation
            state.fresh.insert(id)
        } remove: { state, number in
            state.single[id]?[number] = nil
            if state.single[id]?.isEmpty == true { state.single[id] = nil }
        }
        return stream
    }

    /// What each look at all jobs finds. It ends when its reader is too far behind.
    func passes() -> AsyncStream<Pass> {
        let (stream, continuation) = AsyncStream<Pass>.makeStream(bufferingPolicy: .bufferingOldest(Self.backlog))
        add(continuation) { state, number in
            state.all[number] = continuation
        } remove: { state, number in
            state.all[number] = nil
        }
        return stream
    }

    /// How many streams it looks for.
    var watched: Int { state.withLock { state in state.all.count + state.single.values.reduce(0) { $0 + $1.count } } }

    /// Ends all streams.
    func close() {
        let (single, all) = state.withLock { state in
            state.isClosed = true
            return (state.single.values.flatMap { Array($0.values) }, Array(state.all.values))
        }
        for continuation in single { continuation.finish() }
        for continuation in all { continuation.finish() }
    }

    private func add<Element>(
        _ continuation: AsyncStream<Element>.Continuation,
        insert: (inout State, Int) -> Void,
        remove: @escaping @Sendable (inout State, Int) -> Void
    ) {
        let (number, mustLook) = state.withLock { state -> (Int?, Bool) in
            guard !state.isClosed else { return (nil, false) }
            state.number += 1
            insert(&state, state.number)
            defer { state.isLooking = true }
            return (state.number, !state.isLooking)
        }
        guard let number else { return continuation.finish() }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { remove(&$0, number) } }
        // What a task knows of its own request is none of the others' business.
        if mustLook { Task.detached { await self.look() } }
    }

    /// Looks until nobody listens any more.
    private func look() async {
        var known: [String: JobChange] = [:]
        var feed: JobFeed?
        while true {
            let wanted = state.withLock { state -> (ids: [String], isAll: Bool)? in
                guard !state.isClosed, !state.single.isEmpty || !state.all.isEmpty else {
                    state.isLooking = false
                    return nil
                }
                for id in state.fresh { known[id] = nil }
                state.fresh = []
                return (Array(state.single.keys), !state.all.isEmpty)
            }
            guard let (ids, isAll) = wanted else { return }
            do {
                if !ids.isEmpty { try await look(at: ids, &known) }
                if isAll { try await lookAtAll(&feed) } else { feed = nil }
            } catch {
                log.debug("the jobs of streams are not looked at", ["problem": .string("\(error)")])
            }
            try? await Task.sleep(for: interval)
        }
    }

    private func look(at ids: [String], _ known: inout [String: JobChange]) async throws {
        // Redis first: a final state there was committed before, so that the record read next has it too.
        let live = await states?.read(ids) ?? [:]
        let records = try await pool.query(Jobs.records(of: ids)).jobs
        let found = Dictionary(
            records.map { ($0.id, JobChange($0, live[$0.id])) },
            uniquingKeysWith: { first, _ in first }
        )
        let changed = found.filter { known[$0.key] != $0.value }.map(\.key).sorted()
        for id in ids where found[id] == nil { tell(id, nil) }
        known = known.filter { found[$0.key] != nil }
        for start in stride(from: 0, to: changed.count, by: Self.step) {
            let part = Array(changed[start..<min(start + Self.step, changed.count)])
            for job in try await pool.query(Jobs.wholeRecords(of: part)).jobs {
                tell(job.id, JobChange(job, live[job.id]))
                known[job.id] = found[job.id]
            }
        }
    }

    private func tell(_ id: String, _ change: JobChange?) {
        let listeners = state.withLock { Array(($0.single[id] ?? [:]).values) }
        for listener in listeners { listener.yield(change) }
    }

    private func lookAtAll(_ feed: inout JobFeed?) async throws {
        var next: JobFeed
        if let feed {
            next = feed
        } else {
            next = JobFeed(at: try await pool.query(Jobs.time).first?.timestamp(0) ?? 0)
        }
        let live = await states?.read(Array(next.running)) ?? [:]
        let results = try await pool.pipeline([Jobs.time] + next.statements)
        let former = next.time
        let changes = next.take(
            results.dropFirst().map(\.jobs),
            live: live,
            at: results[0].first?.timestamp(0) ?? former
        )
        let pass = Pass(changes: changes, time: next.time, former: former)
        feed = next
        guard !changes.isEmpty else { return }
        for listener in state.withLock({ Array($0.all.values) }) {
            // Too far behind: it goes on with Last-Event-ID.
            if case .dropped = listener.yield(pass) { listener.finish() }
        }
    }
}
