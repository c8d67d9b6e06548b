import FlotillaCommandLineKit
package import FlotillaHTTPRouting

/// Scopes by role: `agent=read,admin=read+operate,*=read`, where `*` is everybody.
package struct RoleScopes: Sendable, Hashable, TextValue {
    private var byRole: [String: Set<Scope>] = [:]
    package let text: String

    /// Nobody may do anything.
    package init() { text = "" }

    package init?(text: String) {
        self.text = text
        for entry in text.split(separator: ",") {
            let parts = entry.split(separator: "=", omittingEmptySubsequences: false)
                .map { String($0.filter { $0 != " " }) }
            guard parts.count == 2, !parts[0].isEmpty, byRole[parts[0]] == nil else { return nil }
            let words = parts[1].split(separator: "+", omittingEmptySubsequences: false).map(String.init)
            let scopes = words.compactMap(Scope.init(rawValue:))
            guard scopes.count == words.count else { return nil }
            byRole[parts[0]] = Set(scopes)
        }
    }

    package static var expectation: String { "roles with their scopes, such as agent=read,admin=read+operate" }

    package func scopes(of roles: [String]) -> Set<Scope> {
        roles.reduce(byRole["*"] ?? []) { $0.union(byRole[$1] ?? []) }
    }
}
