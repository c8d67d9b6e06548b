import Synchronization

/// Something that a process depends on, and how to find out whether it works.
package struct HealthCheck: Sendable {
    let name: String
    let isNeeded: Bool
    let probe: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - isNeeded: whether the process is of no use without it.
    ///   - probe: makes a round trip, and throws when that fails.
    package init(_ name: String, isNeeded: Bool, probe: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.isNeeded = isNeeded
        self.probe = probe
    }
}

/// What is wrong, in words that everybody may read: readiness shows them. The text of other errors is not shown.
package struct HealthProblem: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
