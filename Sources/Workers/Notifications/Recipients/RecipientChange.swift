import Models
import Storage

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

    /// Applies the change: of two events the newer one decides, and the older one adds what the newer left open.
    var statement: SQLStatement {
        func merged(_ column: String) -> String {
            """
            \(column) = CASE WHEN excluded.is_deleted OR known.is_deleted THEN NULL
                WHEN excluded.changed_at >= known.changed_at THEN coalesce(excluded.\(column), known.\(column))
                ELSE coalesce(known.\(column), excluded.\(column)) END
            """
        }
        let columns = ["name", "email", "phone", "language", "time_zone", "company_id"].map(merged)
        return SQLStatement(
            """
            INSERT INTO recipients AS known (key, name, email, phone, language, time_zone, company_id, roles,
                roles_changed_at, is_deleted, changed_at)
            VALUES ($1, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text[],
                CASE WHEN $8::text[] IS NULL THEN NULL ELSE $9 END, $10, $9)
            ON CONFLICT (key) DO UPDATE SET
                \(columns.joined(separator: ",\n    ")),
                roles = CASE WHEN excluded.is_deleted OR known.is_deleted THEN NULL
                    WHEN known.roles_changed_at IS NULL OR excluded.roles_changed_at >= known.roles_changed_at
                    THEN coalesce(excluded.roles, known.roles) ELSE known.roles END,
                roles_changed_at = greatest(known.roles_changed_at, excluded.roles_changed_at),
                is_deleted = known.is_deleted OR excluded.is_deleted,
                changed_at = greatest(known.changed_at, excluded.changed_at)
            """,
            [
                .text(key.text), .optional(name), .optional(email), .optional(phone), .optional(language),
                .optional(timeZone), .optional(companyID), roles.map { .textArray($0) } ?? .null,
                .timestamp(changedAt), .bool(isDeletion),
            ]
        )
    }
}

extension SQLValue {
    static func optional(_ text: String?) -> Self { text.map { .text($0) } ?? .null }
}
