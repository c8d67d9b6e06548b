/// Brings a domain's own records in line when messages have failed for good, however they died.
public protocol DeadLetterObserver: Sendable {
    /// The queues whose dead letters are of interest.
    var queues: Set<String> { get }

    /// Called after the dead letters are stored. It may be called again for the same ones: nothing may happen twice then.
    ///
    /// - Parameters:
    ///   - deadLetters: of ``queues`` alone; never empty.
    ///   - transaction: of the observer alone; it commits when the method returns.
    /// - Throws: what the transaction throws. It is tried again then, and the messages stay in their dead-letter queue.
    func stored(_ deadLetters: [DeadMessage], in transaction: DeadLetterTransaction) async throws
}
