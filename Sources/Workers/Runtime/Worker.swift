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

/// Handles many messages at once, and answers for each.
///
/// When `handle` throws, the batch is split in halves and handled again, until the message at fault stands alone.
public protocol BatchWorker<Payload>: Sendable {
    associatedtype Payload: Decodable & Sendable

    static var name: String { get }
    static var events: [String] { get }
    static var dependencies: Set<Dependency> { get }

    /// Handles items of one queue, in the order in which they arrived; answers in the same order.
    func handle(_ items: [BatchItem<Payload>], in context: BatchContext) async throws -> [Outcome]
}

extension BatchWorker {
    public static var events: [String] { [] }
    public static var dependencies: Set<Dependency> { [.postgres] }
}

/// Something outside the process that messages can need, with a circuit breaker of its own.
public struct Dependency: Sendable, Hashable, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }

    public static let postgres = Dependency("postgres")
    public static let redis = Dependency("redis")

    public var description: String { name }
}
