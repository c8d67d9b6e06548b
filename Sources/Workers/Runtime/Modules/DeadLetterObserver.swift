/// Brings a domain's own records in line when messages have failed for good, however they died.
public protocol DeadLetterObserver: Sendable {
    /// The queues whose dead letters are of interest.
    var queues: Set<String> { get }

    /// Called after the dead letters are stored. It may be called again for the same ones: nothing may happen twice then.
    ///
    /// - Parameters:
    ///   - deadLetters: of ``queues`` alone; never empty.
    ///   - transaction: of the observer alone; it commits when the method returns.
    /// - Throws: what the transaction throws, or anything else. It is called again then, with one message at a time and
    ///   later once more until it goes through; other observers are called all the same. So it is with one that takes
    ///   longer than 10 s, whose task is cancelled.
    func stored(_ deadLetters: [DeadMessage], in transaction: DeadLetterTransaction) async throws
}
