public import FlotillaModels

/// Handles one message at a time.
///
/// ```swift
/// struct Greeter: Worker {
///     static let name = "greetings"
///     static let events = ["user.created"]
///     struct Payload: Decodable, Sendable { let email: String }
///
///     func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome { .done }
/// }
/// ```
public protocol Worker<Payload>: Sendable {
    /// What the body has to be. A body that does not decode is dead-lettered as `invalid_payload`, with the field.
    associatedtype Payload: Decodable & Sendable

    /// The name by which `queues.yaml` gives queues to this worker.
    static var name: String { get }

    /// The events (queue names without their service) that this worker takes; empty takes all of the worker's queues.
    static var events: [String] { get }

    /// The outside services that this worker can't do without; while one's breaker is open, no message is started.
    static var dependencies: Set<Dependency> { get }

    /// Handles a message that may have been handled before: use ``MessageContext/transaction(_:)`` for effects.
    ///
    /// Throwing means a retry by the queue's policy, but for `PermanentError` and `InvalidPayload`, which
    /// dead-letter at once, and `RetryLater`, which says when.
    func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome
}

extension Worker {
    public static var events: [String] { [] }
    public static var dependencies: Set<Dependency> { [.postgres] }
}
