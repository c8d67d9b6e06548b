import FlotillaCommandLineKit
package import FlotillaHTTPRouting

/// What becomes of tokens while Redis can't say which are revoked.
package enum RevocationPolicy: String, Sendable, Hashable, CaseIterable, TextValue {
    /// Nothing is taken.
    case refuse
    /// What needs `operate`, `edit` or `admin` is not.
    case limit
    /// All goes on.
    case allow

    /// The scopes that a token may still be used for.
    package var scopes: Set<Scope> {
        switch self {
        case .refuse: []
        case .limit: Set(Scope.allCases).subtracting([.operate, .edit, .admin])
        case .allow: Set(Scope.allCases)
        }
    }
}
