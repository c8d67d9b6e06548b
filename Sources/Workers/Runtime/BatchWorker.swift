public import FlotillaModels

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
