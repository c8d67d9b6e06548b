package import FlotillaPlatform

/// What checkpoints are checked against: whose signatures count, and the copy outside the database.
package struct CheckpointTrust: Sendable {
    package var keys: [VerificationKey]
    /// Given the chain's name; `nil` has only the table.
    package var file: (@Sendable (_ chain: String) -> CheckpointFile)?

    package init(keys: [VerificationKey], file: (@Sendable (_ chain: String) -> CheckpointFile)? = nil) {
        self.keys = keys
        self.file = file
    }
}
