import FlotillaPlatform
package import FlotillaStorage

/// Tokens that were revoked before their time, in Redis, where every process of every service can see them.
///
/// `revoked:<jti>` stands for one token and stays as long as the token would; a token without a `jti` is known by
/// `sha256:` and the digest of its text. `revoked-sub:<sub>` holds a time in seconds since 1970: every token of that
/// subject that was issued by then is revoked. `revoked-sub-undated:<sub>` stands beside it where also tokens are meant of which
/// nobody says when they were issued.
package struct Revocations: Sendable {
    /// The longest that anything is remembered: no token that is taken here lives longer.
    package let longestLife: Duration
    private let redis: RedisClient

    package init(_ redis: RedisClient, longestLife: Duration) {
        self.redis = redis
        self.longestLife = longestLife
    }

    /// The name of a token that has no `jti`.
    package static func name(ofDigest digest: [UInt8]) -> String { "sha256:\(digest.hexadecimal)" }

    /// - Parameters:
    ///   - name: a `jti`, or a name of a digest.
    ///   - expiresAt: when the token ends by itself, in seconds since 1970; `nil` remembers it for ``longestLife``.
    /// - Returns: until when it is remembered, in seconds since 1970; `nil` for a token that has ended anyway.
    @discardableResult
    package func revoke(
        _ name: String,
        expiresAt: Int64?,
        at now: Int64 = WallClock.microseconds() / 1_000_000
    ) async throws(RedisError) -> Int64? {
        let latest = now + longestSeconds
        let end = min(expiresAt.map { $0 + TokenRules.skew } ?? latest, latest)
        guard end > now else { return nil }
        _ = try await redis.command(["SET", .text("revoked:\(name)"), .int(now), "EX", .int(end - now)])
        return end
    }

    /// Revokes every token that a subject was issued up to that time; an earlier time changes nothing.
    ///
    /// - Parameter undated: whether that includes tokens of which nobody says when they were issued, those of later too. After
    ///   a logout the subject may come back with such a one: there it is left to the auth service, which is asked anew.
    package func revoke(subject: String, issuedBy time: Int64, undated: Bool) async throws(RedisError) {
        for key in ["revoked-sub:\(subject)"] + (undated ? ["revoked-sub-undated:\(subject)"] : []) {
            _ = try await redis.evaluate(
                .revokeSubject,
                keys: [key],
                arguments: [.int(time), .int(longestSeconds)]
            )
        }
    }

    /// What revokes a token, if anything does.
    package func cause(for token: TokenIdentity) async throws(RedisError) -> RevocationCause? {
        let names = [token.id, Self.name(ofDigest: token.digest)].compactMap(\.self)
        var keys = names.map { "revoked:\($0)" } + ["revoked-sub:\(token.subject)"]
        if token.isUndated { keys.insert("revoked-sub-undated:\(token.subject)", at: names.count) }
        let found = try await redis.command(["MGET"] + keys.map { .text($0) }).elements
        guard found.count == keys.count else {
            throw RedisError(code: .server("ERR"), operation: "MGET", detail: "an answer of another shape")
        }
        if found.prefix(names.count).contains(where: { $0 != .null }) { return .token }
        if token.isUndated, found[names.count] != .null { return .subject }
        guard let value = found.last, value != .null else { return nil }
        guard let time = value.int, let issuedAt = token.issuedAt, issuedAt > time else { return .subject }
        return nil
    }

    /// A token may end by the skew later than its longest life, and is taken by the skew longer.
    private var longestSeconds: Int64 { Int64(longestLife / .seconds(1)) + 2 * TokenRules.skew }
}

/// What a token was revoked by.
package enum RevocationCause: Sendable, Hashable {
    /// It was revoked itself.
    case token
    /// All tokens of its subject were, up to a time.
    case subject
}

extension RedisScript {
    /// `KEYS[1]` gets the time `ARGV[1]` for `ARGV[2]` seconds, unless it has a later one.
    fileprivate static let revokeSubject = RedisScript(
        """
        local known = tonumber(redis.call('GET', KEYS[1]))
        if not known or known < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
        return 1
        """
    )
}
