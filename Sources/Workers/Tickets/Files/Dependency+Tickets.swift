package import Workers

extension Dependency {
    /// Where tickets' files are kept.
    package static let ticketFiles = Dependency("ticket-files")
}
