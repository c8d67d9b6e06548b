/// What a caller may do. `admin` may do everything; the others stand for themselves.
package enum Scope: String, Sendable, Hashable, CaseIterable {
    /// See jobs, queues, dead letters, metrics and reports.
    case read
    /// Enqueue jobs and publish events.
    case enqueue
    /// Pause, resume, requeue, cancel, purge.
    case operate
    case admin
}

/// Who calls, as found out by an ``Authenticator``.
package struct Principal: Sendable, Hashable {
    /// The API key's id.
    package var id: String
    package var name: String
    package var scopes: Set<Scope>

    package init(id: String, name: String, scopes: Set<Scope>) {
        self.id = id
        self.name = name
        self.scopes = scopes
    }

    package func mayUse(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }
}
