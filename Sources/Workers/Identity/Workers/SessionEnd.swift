import FlotillaModels

/// What an event ends: one token, all tokens of a user up to a time, or all of them for good.
enum SessionEnd: Sendable, Hashable {
    case token(RevocationTarget)
    /// The time is in microseconds since 1970.
    case subject(String, upTo: Int64)
    /// The user is gone: whenever that was, none of the tokens is good any more.
    case everything(of: String)

    /// - Parameters:
    ///   - event: `user.deleted` ends all tokens of a user, whatever else it says; a logout the token that it names, or
    ///     else all.
    ///   - timeOf: when it happened, from what the body says of that.
    init(_ body: [UInt8], event: String, timeOf: (Int64?) -> Int64) throws(InvalidPayload) {
        var fields = try EventFields(body)
        try fields.lookInto("user")
        if event != "user.deleted" {
            if let token = try fields.text("token", "accessToken", "access_token", limit: JSONWebToken.longest) {
                self = .token(RevocationTarget(token: token))
                return
            }
            if let id = try fields.identifier("jti", "tokenId", "token_id") {
                let expiresAt = try fields.time("exp", "expiresAt", "expires_at").map { $0 / 1_000_000 }
                self = .token(RevocationTarget(name: id, expiresAt: expiresAt))
                return
            }
        }
        // A logout's own id may be that of a session.
        let subject =
            event == "user.deleted"
            ? try fields.requiredIdentifier("userId", "user_id", "candidateId", "candidate_id", "sub", "id")
            : try fields.requiredIdentifier("userId", "user_id", "candidateId", "candidate_id", "sub")
        let time = try fields.time("occurredAt", "occurred_at", "timestamp", "deletedAt", "deleted_at")
        self = event == "user.deleted" ? .everything(of: subject) : .subject(subject, upTo: timeOf(time))
    }
}
