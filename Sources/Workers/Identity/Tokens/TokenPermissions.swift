import FlotillaHTTPRouting
import FlotillaModels

/// What a token allows: scopes of its claims `scope`, `scp` and `scopes`, and allow-lists of `events` and `jobs`.
///
/// Words that are no scopes here are those of other services, and mean nothing.
struct TokenPermissions {
    /// The scope of tokens by which services call one another, and what it stands for: with it a caller may hand in all
    /// that is not the fleet's alone.
    static let internalScope = "internal"
    static let internalScopes: Set<Scope> = [.read, .readPersonal, .enqueue]

    var scopes: Set<Scope> = []
    var grants = Grants()

    /// - Throws: when a claim is of another shape: less would be allowed than its issuer has meant, or more.
    init(_ claims: JSONValue) throws(TokenRefusal) {
        var words: [String] = []
        for name in ["scope", "scp", "scopes"] {
            guard let value = claims[name], !value.isNull else { continue }
            guard let texts = value.textOrTexts else {
                throw TokenRefusal(.claim, "has a claim \(name) that is neither text nor a list of texts")
            }
            words += texts.flatMap { $0.split(separator: " ").map(String.init) }
        }
        scopes = Set(words.compactMap(Scope.init(rawValue:)))
        var events = try Self.patterns(claims, "events")
        var jobs = try Self.patterns(claims, "jobs")
        if words.contains(Self.internalScope) {
            scopes.formUnion(Self.internalScopes)
            (events, jobs) = (["#"], ["#"])
        }
        grants = Grants(events: events, jobs: jobs)
    }

    private static func patterns(_ claims: JSONValue, _ name: String) throws(TokenRefusal) -> [String] {
        guard let value = claims[name], !value.isNull else { return [] }
        guard case .array = value, let texts = value.textOrTexts, texts.count <= GrantList.longest,
            texts.allSatisfy({ GrantList.problem(with: $0) == nil })
        else { throw TokenRefusal(.claim, "has a claim \(name) that is no list of patterns such as profile.*") }
        return texts
    }
}
