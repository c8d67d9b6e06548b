import Synchronization

/// The engine will never take some of the changes of a batch.
struct RefusedChanges: Error, Sendable, CustomStringConvertible {
    /// Of how many profiles the batch was. The document of a batch of one is at fault itself; of more, each is tried
    /// alone.
    let profileIDs: Int
    let detail: String

    var description: String { detail }
}
