/// Secrets in the database that are sealed with the master key.
package protocol SealedSecrets: Sendable {
    /// What they are, for a table: `ticket keys`.
    var title: String { get }
    /// The same as a member of JSON: `ticketKeys`.
    var member: String { get }

    /// Seals anew, with the current master key, what an older one has sealed; may be repeated.
    ///
    /// - Parameter progress: told now and then how many are done.
    /// - Returns: how many were sealed anew.
    func sealAnew(progress: (Int) -> Void) async throws -> Int
}
