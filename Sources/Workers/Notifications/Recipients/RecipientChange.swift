import FlotillaStorage

/// What an event says of a recipient. Fields that it does not mention are left as they are.
struct RecipientChange: Sendable, Hashable {
    let key: RecipientKey
    /// When it happened, in microseconds since 1970: the newest event wins, in whatever order they arrive.
    let changedAt: Int64
    var name: String?
    var email: String?
    var phone: String?
    var language: String?
    var timeZone: String?
    var companyID: String?
    /// Normalised, see ``role(_:)``.
    var roles: [String]?
    /// The recipient is gone: its name and addresses are forgotten, and nothing reaches it any more.
    var isDeletion = false

    init(_ key: RecipientKey, changedAt: Int64) {
        self.key = key
        self.changedAt = changedAt
    }

    /// One spelling for the names that services give to a role: lower case, and `hr`, `admin` for their variants.
    static func role(_ text: String) -> String {
        let role = text.lowercased()
        return switch role {
        case "rh", "drh", "human_resources", "human-resources": "hr"
        case "admins", "administrator", "administrators", "administrateur", "administrateurs": "admin"
        default: role
        }
    }

    /// Why what was still to be sent to somebody deleted is suppressed.
    static let deletionReason = "the recipient was deleted"

    private static let columns = ["name", "email", "phone", "language", "time_zone", "company_id", "roles"]

    /// Applies the change. A deletion also suppresses what waits to be sent, scheduled or not.
    var statements: [SQLStatement] {
        guard isDeletion else { return [merge] }
        let suppress = SQLStatement(
            "UPDATE notifications SET status = 'suppressed', reason = $2 WHERE recipient = $1 AND status = 'queued'",
            [.text(key.text), .text(Self.deletionReason)]
        )
        return [merge, suppress]
    }

    /// Each column keeps what the newest event has said of it.
    private var merge: SQLStatement {
        let merged = Self.columns.map { column in
            """
            \(column) = CASE WHEN excluded.is_deleted OR known.is_deleted THEN NULL
                WHEN (excluded.times->>'\(column)')::bigint >= coalesce((known.times->>'\(column)')::bigint, 0)
                THEN excluded.\(column) ELSE known.\(column) END
            """
        }
        let times = Self.columns.map { column in
            "'\(column)', greatest((known.times->>'\(column)')::bigint, (excluded.times->>'\(column)')::bigint)"
        }
        return SQLStatement(
            """
            INSERT INTO recipients AS known (key, name, email, phone, language, time_zone, company_id, roles, is_deleted,
                times)
            VALUES ($1, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text[], $9, $10)
            ON CONFLICT (key) DO UPDATE SET
                \(merged.joined(separator: ",\n    ")),
                times = jsonb_strip_nulls(jsonb_build_object(\(times.joined(separator: ",\n        ")))),
                is_deleted = known.is_deleted OR excluded.is_deleted,
                updated_at = now()
            """,
            [
                .text(key.text), .optional(name), .optional(email), .optional(phone), .optional(language),
                .optional(timeZone), .optional(companyID), roles.map { .textArray($0) } ?? .null, .bool(isDeletion),
                .json(eventTimes),
            ]
        )
    }

    /// The columns that this change sets, each with the time.
    private var eventTimes: String {
        let isSet = [name, email, phone, language, timeZone, companyID].map { $0 != nil } + [roles != nil]
        let members = zip(Self.columns, isSet).filter(\.1).map { "\"\($0.0)\":\(changedAt)" }
        return "{\(members.joined(separator: ","))}"
    }
}
