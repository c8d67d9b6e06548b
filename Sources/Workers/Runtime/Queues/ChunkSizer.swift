import Synchronization

/// Measures how long a queue's messages take, and so decides how many of them a slot may take at once.
///
/// Taking, entering and settling cost more than a handler of a few microseconds. Where messages are that short, a slot
/// takes several and settles them together; as soon as they are longer, each is taken by itself, so that none waits
/// behind another while a slot is free.
final class ChunkSizer: Sendable {
    /// Messages longer than this, in seconds, are taken one by one.
    private static let short = 0.000_2
    private static let largestChunk = 32

    /// A moving average in nanoseconds; begins above the limit.
    private let average = Atomic<Int>(1_000_000)

    /// How many messages to take at once.
    var chunk: Int { average.load(ordering: .relaxed) < Int(Self.short * 1e9) ? Self.largestChunk : 1 }

    /// - Parameter seconds: how long one message took.
    func note(_ seconds: Double) {
        let old = average.load(ordering: .relaxed)
        average.store(old + (Int(min(seconds, 1) * 1e9) - old) / 8, ordering: .relaxed)
    }
}
