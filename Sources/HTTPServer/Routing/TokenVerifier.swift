/// Finds out who calls by a credential that is no API key, such as a JSON Web Token.
///
/// The scope is the one that the route asks for: what has to be known of a token depends on it. Whether the caller has
/// that scope is not decided here.
package protocol TokenVerifier: Sendable {
    /// Who it is as far as that is known here; `nil` when somebody has to be asked first.
    ///
    /// - Throws: 401 for a token that is not valid.
    func remembered(_ token: String, for scope: Scope) throws(APIError) -> Principal?

    /// Whether this process has ever found the token genuine, and it has neither ended nor been revoked since, as far as is
    /// known here.
    func isKnown(_ token: String) -> Bool

    /// Whether the token is genuine by what is at hand here, revoked or not; nobody is asked, and nothing remembered.
    func isGenuine(_ token: String) -> Bool

    /// Who it is, after asking whoever has to be asked.
    ///
    /// - Throws: 401 for a token that is not valid, 503 when that can't be found out now.
    func principal(of token: String, for scope: Scope) async throws(APIError) -> Principal
}
