package import FlotillaModels
package import FlotillaStorage

/// Where effects are committed together with inbox rows and outgoing events: Postgres, or memory in tests.
package protocol EffectStore: Sendable {
    /// Runs `body` in a transaction that has recorded the messages as handled by `consumer`.
    ///
    /// A transaction that loses a deadlock or a serialization conflict is run again, `body` included. A message whose
    /// job has ended is neither fresh nor recorded; the job of a fresh one can't be cancelled from the commit on.
    /// - Parameters:
    ///   - jobs: the job of each message in order; empty when none has one.
    ///   - first: statements to run in the first round trip.
    ///   - body: gets, for each message in order, whether it is fresh; it adds to `last` what the commit should carry.
    func transaction(
        consumer: String,
        messageIDs: [String],
        jobs: [String?],
        first: [SQLStatement],
        _ body: (any EffectStoreTransaction, _ isFresh: [Bool], _ firstResults: [SQLResult]) async throws -> Void
    ) async throws

    /// Records that the jobs start the attempts of these numbers, and tells which jobs have ended already: cancelled
    /// while they waited, or done by a duplicate.
    func start(jobs attempts: [String: Int]) async throws -> Set<String>

    /// The jobs whose handlers are asked to end, with how long each has.
    func cancelling() async throws -> [String: Duration]

    /// Statements outside any effect, such as a job's end.
    func execute(_ statements: [SQLStatement]) async throws

    /// The same store, with a deadline for each transaction: from now to its commit.
    func limited(to duration: Duration) -> any EffectStore

    /// Keeps a message that cannot be published now, and publishes it once that is possible.
    ///
    /// - Parameters:
    ///   - delay: how long it stays away from its queue.
    ///   - queue: whose message it is.
    ///   - key: the same for two copies of one; the second is not kept.
    func keep(_ message: OutgoingMessage, after delay: Duration?, for queue: String, key: String) async throws
}

extension EffectStore {
    package func limited(to duration: Duration) -> any EffectStore { self }

    package func cancelling() async throws -> [String: Duration] { [:] }

    package func keep(
        _ message: OutgoingMessage,
        after delay: Duration?,
        for queue: String,
        key: String
    ) async throws {
        try await execute([Outbox.keep(message, after: delay, for: queue, key: key)])
    }
}

package protocol EffectStoreTransaction: AnyObject {
    /// What runs in the round trip of the commit.
    var last: [SQLStatement] { get set }
    /// What is published if the transaction commits.
    var outgoing: [TimedMessage] { get set }

    func execute(_ statements: [SQLStatement]) async throws -> [SQLResult]

    /// Stores a job with the effect.
    func enqueue(_ job: NewJob) async throws -> EnqueueOutcome
}

/// A message to publish, and when at the earliest: microseconds since 1970, `nil` for at once.
package struct TimedMessage: Sendable {
    package let message: OutgoingMessage
    package let notBefore: Int64?

    package init(_ message: OutgoingMessage, notBefore: Int64? = nil) {
        self.message = message
        self.notBefore = notBefore
    }
}
