import FlotillaHTTPRouting
import FlotillaModels
import FlotillaPlatform

/// What `flotilla token verify` shows: claims by which a token can be told from others, and the verdict.
struct TokenAnswer: Encodable {
    let valid: Bool
    let code: String?
    let problem: String?
    /// As whose the API takes it.
    let caller: String?
    let scopes: [String]?
    let events: [String]?
    let jobs: [String]?
    let algorithm: String?
    let key: String?
    let issuer: String?
    let subject: String?
    let audience: [String]?
    let id: String?
    let issuedAt: String?
    let expiresAt: String?
    let note: String?

    init(_ text: String, _ identity: TokenIdentity?, _ refusal: TokenRefusal?, note: String?) {
        let token = try? JSONWebToken(text)
        let principal = refusal == nil ? identity?.principal : nil
        func claim(_ name: String) -> String? {
            token.flatMap { try? TokenRules.identifier($0.claims, name, .claim) }
        }
        func time(_ name: String) -> String? {
            (token?.claims[name]?.numericDate).map { WallClock.iso8601($0 * 1_000_000) }
        }
        valid = refusal == nil
        code = refusal?.code.rawValue
        problem = refusal?.description
        caller = principal?.reference
        scopes = principal?.scopes.map(\.rawValue).sorted()
        events = principal?.grants.events.words
        jobs = principal?.grants.jobs.words
        algorithm = token?.algorithm.rawValue
        key = token?.keyName.flatMap { name in name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } ? name : nil }
        issuer = identity?.issuer ?? claim("iss")
        subject = identity?.subject ?? claim("sub")
        audience = token?.claims["aud"]?.textOrTexts
        id = identity?.id ?? claim("jti")
        issuedAt = time("iat")
        expiresAt = time("exp")
        self.note = note
    }

    var rows: [(String, String)] {
        func list(_ texts: [String]?) -> String? { texts.map { $0.isEmpty ? "none" : $0.joined(separator: ", ") } }
        let rows: [(String, String?)] = [
            ("valid", valid ? "yes" : "no"), ("problem", problem), ("code", code), ("caller", caller),
            ("scopes", list(scopes)), ("events", list(events)), ("jobs", list(jobs)), ("algorithm", algorithm),
            ("kid", key), ("iss", issuer), ("sub", subject), ("aud", list(audience)), ("jti", id), ("iat", issuedAt),
            ("exp", expiresAt), ("note", note),
        ]
        return rows.compactMap { row in row.1.map { (row.0, $0) } }
    }
}
