import Synchronization

/// Answers that are kept for a while, each asked for once at a time.
final class AnswerCache<Key: Hashable & Sendable, Answer: Sendable>: Sendable {
    private struct Entry {
        let answer: Answer
        let endsAt: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var asking: [Key: Task<Answer, any Error>] = [:]
    }

    private enum Source {
        case kept(Answer)
        case running(Task<Answer, any Error>)
        case full
    }

    /// So many are asked for at a time, and no more.
    private static var mostAsked: Int { 256 }

    private let capacity: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    init(capacity: Int, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.capacity = capacity
        self.now = now
    }

    /// The kept answer, or the one that `ask` gets for everybody who waits for it; kept for as long as `life` says.
    ///
    /// - Throws: what `ask` throws, and `AuthServiceError` when too many answers are waited for.
    func answer(
        to key: Key,
        keeping life: @escaping @Sendable (Answer) -> Duration,
        _ ask: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let now = now()
        let source = state.withLock { state -> Source in
            if let entry = state.entries[key], entry.endsAt > now { return .kept(entry.answer) }
            if let running = state.asking[key] { return .running(running) }
            guard state.asking.count < Self.mostAsked else { return .full }
            let task = Task { try await self.fetch(key, life, ask) }
            state.asking[key] = task
            return .running(task)
        }
        switch source {
        case .kept(let answer): return answer
        case .running(let task): return try await task.value
        case .full: throw AuthServiceError(.held, "ask the auth service", "too many questions are open")
        }
    }

    var count: Int { state.withLock { $0.entries.count } }

    func forget(_ key: Key) { state.withLock { $0.entries[key] = nil } }

    private func fetch(
        _ key: Key,
        _ life: @Sendable (Answer) -> Duration,
        _ ask: @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let result: Result<Answer, any Error>
        do { result = .success(try await ask()) } catch { result = .failure(error) }
        let now = now()
        state.withLock { state in
            state.asking[key] = nil
            guard case .success(let answer) = result else { return }
            if state.entries.count >= capacity, state.entries[key] == nil {
                state.entries = state.entries.filter { $0.value.endsAt > now }
                // Full of answers that still hold: made-up keys must not fill the memory.
                if state.entries.count >= capacity { state.entries.removeAll() }
            }
            state.entries[key] = Entry(answer: answer, endsAt: now + life(answer))
        }
        return try result.get()
    }
}
