import Synchronization

/// Counts handled messages from several threads, and notices when the last one is done.
final class Tally: Sendable {
    private struct State {
        var count = 0
        var sum = 0
        var begin: Moment?
        var end: Moment?
    }

    private let expected: Int
    private let whenDone: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameter whenDone: called once, when `expected` messages are done.
    init(expecting expected: Int, whenDone: @escaping @Sendable () -> Void) {
        self.expected = expected
        self.whenDone = whenDone
    }

    /// Starts the clock, if this is the first.
    func begin() {
        state.withLock { state in
            if state.begin == nil { state.begin = .now() }
        }
    }

    func finish(count: Int, sum: Int) {
        let isLast = state.withLock { state in
            state.count += count
            state.sum += sum
            guard state.count >= expected, state.end == nil else { return false }
            state.end = .now()
            return true
        }
        if isLast { whenDone() }
    }

    /// - Throws: when the run ended before the last message.
    func report() throws -> RunReport {
        try state.withLock { state in
            guard let begin = state.begin, let end = state.end else {
                throw BenchError("ended after \(state.count) of \(expected) messages")
            }
            return RunReport(count: state.count, sum: state.sum, begin: begin, end: end)
        }
    }
}
