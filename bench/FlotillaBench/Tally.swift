import Synchronization

/// Counts handled messages from several threads, and notices when the last one is done.
///
/// Counting takes no lock, so that the threads of the measured program do not wait for the measurement.
final class Tally: Sendable {
    private struct Moments {
        var begin: Moment?
        var end: Moment?
    }

    private let expected: Int
    private let whenDone: @Sendable () -> Void
    private let hasBegun = Atomic(false)
    private let count = Atomic(0)
    private let sum = Atomic(0)
    private let moments = Mutex(Moments())

    /// - Parameter whenDone: called once, when `expected` messages are done.
    init(expecting expected: Int, whenDone: @escaping @Sendable () -> Void) {
        self.expected = expected
        self.whenDone = whenDone
    }

    /// Starts the clock, if this is the first.
    func begin() {
        guard !hasBegun.load(ordering: .relaxed), !hasBegun.exchange(true, ordering: .relaxed) else { return }
        moments.withLock { $0.begin = .now() }
    }

    func finish(count handled: Int, sum ids: Int) {
        sum.add(ids, ordering: .relaxed)
        let total = count.add(handled, ordering: .acquiringAndReleasing).newValue
        guard total >= expected, total - handled < expected else { return }
        moments.withLock { $0.end = .now() }
        whenDone()
    }

    /// - Throws: when the run ended before the last message.
    func report() throws -> RunReport {
        let count = count.load(ordering: .acquiring)
        let moments = moments.withLock { $0 }
        guard let begin = moments.begin, let end = moments.end else {
            throw BenchError("ended after \(count) of \(expected) messages")
        }
        return RunReport(count: count, sum: sum.load(ordering: .relaxed), begin: begin, end: end)
    }
}
