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
