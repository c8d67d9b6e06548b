/// Who calls, as found out from what the request proves itself by.
package struct Principal: Sendable, Hashable {
    /// What proves who it is.
    package enum Kind: String, Sendable, Hashable {
        /// An API key.
        case key
        /// A JSON Web Token that this fleet checks itself.
        case token
        /// A token that another service has checked.
        case introspected
    }

    package var kind: Kind
    /// Of a key: its id. Of a token: its issuer and subject, `<iss>#<sub>`.
    package var id: String
    package var name: String
    package var scopes: Set<Scope>
    package var grants: Grants

    package init(kind: Kind = .key, id: String, name: String, scopes: Set<Scope>, grants: Grants = Grants()) {
        self.kind = kind
        self.id = id
        self.name = name
        self.scopes = scopes
        self.grants = grants
    }

    /// One name for it in all logs and tables, other than that of any other caller: `key:3f9a0c11d2e4`.
    package var reference: String { "\(kind.rawValue):\(id)" }

    package func mayUse(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }
}
