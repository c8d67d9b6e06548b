/// Where tickets' files are kept.
package protocol TicketFileStore: Sendable {
    /// Keeps the file whole, or not at all; replaces an older one at the same path.
    ///
    /// - Parameter path: `2026/01/30/789.pdf`
    /// - Throws: `DependencyOutage` when the place can't take it now.
    func put(_ bytes: [UInt8], at path: String) async throws

    /// Returns once the files survive a loss of power.
    func sync(_ paths: [String]) async throws

    /// `nil` when there is no such file.
    func get(_ path: String) async throws -> [UInt8]?

    /// No error when there is no such file.
    func remove(_ path: String) async throws

    /// Whether it takes files now.
    func isReachable() async -> Bool

    /// How many files to write at a time for each core: more where a write mostly waits for the network.
    var writesPerCore: Int { get }
}
