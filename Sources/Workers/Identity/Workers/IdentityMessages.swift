import FlotillaModels
import FlotillaModules

/// The events that end tokens before their time.
enum IdentityMessages {
    static var all: [MessageDescription] { [deleted] + logouts }

    private static let person = PayloadField(
        "userId",
        or: "user_id",
        "candidateId",
        "candidate_id",
        "sub",
        is: .identifier,
        "The person, who is the tokens' subject."
    )
    private static let occurredAt = PayloadField(
        "occurredAt",
        or: "occurred_at",
        "timestamp",
        "deletedAt",
        "deleted_at",
        is: .time,
        "When it happened; the message's timestamp unless given."
    )

    private static var deleted: MessageDescription {
        MessageDescription(
            "user.deleted",
            from: "user service",
            "A person has left: their tokens end, their profiles are found no more, and nothing is sent to them.",
            fields: [person.required, occurredAt],
            example: #"{"userId":"u-1","occurredAt":"2026-01-30T03:00:00Z"}"#,
            check: check("user.deleted")
        )
    }

    private static var logouts: [MessageDescription] {
        ["user.logout", "user.logged_out", "auth.logout"].map { name in
            MessageDescription(
                name,
                from: "auth service",
                "Somebody has logged out: the token that is named ends, or all of that person up to then.",
                fields: [
                    person.instead(of: "jti"),
                    PayloadField(
                        "token",
                        or: "accessToken",
                        "access_token",
                        is: .string(atMost: JSONWebToken.longest),
                        "The token itself. Without it and its id, the person has to be named."
                    ),
                    PayloadField(
                        "jti",
                        or: "tokenId",
                        "token_id",
                        is: .identifier,
                        "The token's id."
                    ),
                    PayloadField(
                        "exp",
                        or: "expiresAt",
                        "expires_at",
                        is: .time,
                        "When the token with this id would have ended by itself."
                    ), occurredAt.instead(of: "jti"),
                ],
                example: #"{"userId":"u-1","jti":"b2c7d0","exp":"2026-01-30T04:00:00Z"}"#,
                check: check(name)
            )
        }
    }

    private static func check(_ event: String) -> MessageDescription.Check {
        { body throws(InvalidPayload) in _ = try SessionEnd(body, event: event) { $0 ?? 0 } }
    }
}
