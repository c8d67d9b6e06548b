/// Where the keys of tokens come from.
package protocol TokenKeySource: Sendable {
    /// The key of that name; the only key there is, for a token that names none; `nil` when there is no such key.
    ///
    /// - Throws: `TokenKeysUnavailable` when that can't be found out now.
    func key(_ name: String?) async throws(TokenKeysUnavailable) -> TokenKey?

    /// The same among the keys that are here; nobody is asked.
    func knownKey(_ name: String?) -> TokenKey?
}

/// The keys can't be had now.
package struct TokenKeysUnavailable: Error, Sendable, CustomStringConvertible {
    package let reason: String

    package var description: String { "the keys of tokens can't be read: \(reason)" }
}
