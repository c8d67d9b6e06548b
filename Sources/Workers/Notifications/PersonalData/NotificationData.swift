import FlotillaPersonalData
package import FlotillaStorage

/// Notifications with their requests and attachments. The rows stay, with their states and times; what was said, to
/// whom and where goes, and what waits to be sent is not sent any more.
package struct NotificationData: PersonalDataStore {
    let name = "notifications"
    let tables = ["notifications", "notification_requests", "notification_attachments"]
    let identifiesPeople = true
    private let pool: PostgresPool
    private let mentions: [(table: RedactedTable, isOwn: String)]

    package init(_ pool: PostgresPool) {
        self.pool = pool
        // Of others' notifications only the mentions of the person go: a list of candidates to the recruiters.
        mentions = [
            (
                RedactedTable(
                    name: "notifications",
                    table: "notifications",
                    key: ("id", "text"),
                    columns: [
                        .init("subject", .text), .init("body", .text), .init("reason", .text),
                        .init("recipient_name", .text),
                        .init("address", .text), .init("recipient", .text), .init("event_id", .text),
                    ],
                    event: nil,
                    whenOwn: "",
                    pool: pool
                ),
                Self.ownRow
            ),
            (
                RedactedTable(
                    name: "notification requests",
                    table: "notification_requests",
                    key: ("id", "text"),
                    columns: [
                        .init("data", .json), .init("cause", .text), .init("idempotency_key", .unique),
                        .init("correlation_id", .text), .init("created_by", .caller),
                    ],
                    event: nil,
                    whenOwn: "request_hash = NULL",
                    hasIdempotencyKeys: true,
                    pool: pool
                ),
                Self.ownRequest("notification_requests.id")
            ),
            (
                RedactedTable(
                    name: "attachments",
                    table: "notification_attachments",
                    key: ("request_id || ' ' || position", "text"),
                    columns: [.init("content", .bytes), .init("file_name", .text)],
                    event: nil,
                    whenOwn: "",
                    pool: pool
                ),
                Self.ownRequest("notification_attachments.request_id")
            ),
        ]
    }

    private static let isMeant = """
        (recipient = ANY ($1) OR lower(recipient) = ANY ($2) OR lower(address) = ANY ($3))
        AND (recipient_name IS NOT NULL OR address IS NOT NULL OR body IS NOT NULL OR subject <> $4)
        """

    /// The same for a table of mentions, whose own values come first.
    private static let ownRow = """
        recipient = ANY ($3) OR lower(recipient) = ANY ($4) OR lower(address) = ANY ($5)
        """

    /// Whether all notifications of a request are the person's.
    private static func ownRequest(_ id: String) -> String {
        """
        EXISTS (SELECT FROM notifications WHERE request_id = \(id)) AND NOT EXISTS (
            SELECT FROM notifications WHERE request_id = \(id) AND (\(ownRow)) IS NOT TRUE)
        """
    }

    func identify(_ person: inout Person) async throws {
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT DISTINCT channel, recipient_name, address FROM notifications
                WHERE recipient = ANY ($1) OR lower(recipient) = ANY ($2) OR lower(address) = ANY ($3)
                LIMIT 200
                """,
                Array(values(person).dropLast())
            )
        )
        for row in rows {
            person.add(row.text(1), .name)
            person.add(row.text(2), row.text(0) == "sms" ? .phone : .email)
        }
    }

    func erase(_ person: Person, isDryRun: Bool) async throws -> ErasureCount {
        var count = ErasureCount()
        let known = Array(values(person).dropLast())
        for (table, isOwn) in mentions {
            count += try await table.erase(person, isDryRun: isDryRun, among: ("(\(isOwn)) IS NOT TRUE", known))
        }
        if isDryRun {
            let statement = SQLStatement("SELECT count(*) FROM notifications WHERE \(Self.isMeant)", values(person))
            count.own += Int(try await pool.query(statement).first?.int(0) ?? 0)
            return count
        }
        count.own += try await pool.transaction { transaction in try await eraseOwn(person, transaction) }
        // What the person's own rows say besides: they are counted already.
        for (table, _) in mentions { _ = try await table.erase(person, isDryRun: false) }
        return count
    }

    private func eraseOwn(_ person: Person, _ transaction: PostgresTransaction) async throws -> Int {
        let erased = try await transaction.query(
            SQLStatement(
                """
                UPDATE notifications SET recipient_name = NULL, address = NULL, subject = $4, body = NULL,
                    unsubscribe_token = NULL,
                    recipient = CASE WHEN recipient LIKE 'address:%' THEN 'address:' || $4 ELSE recipient END,
                    reason = CASE WHEN status = 'queued' THEN $4 ELSE NULL END,
                    status = CASE WHEN status = 'queued' THEN 'suppressed' ELSE status END
                WHERE \(Self.isMeant) RETURNING request_id
                """,
                values(person)
            )
        )
        // What only this person's notifications were made of.
        let requests: [String?] = erased.map { $0.text(0) }
        let alone = """
            id = ANY ($1) AND NOT EXISTS (SELECT FROM notifications WHERE request_id = notification_requests.id
                AND (subject <> '\(Redaction.placeholder)' OR body IS NOT NULL))
            """
        _ = try await transaction.pipeline([
            SQLStatement(
                """
                DELETE FROM notification_attachments WHERE request_id IN (
                    SELECT id FROM notification_requests WHERE \(alone))
                """,
                [.textArray(requests)]
            ),
            SQLStatement(
                """
                UPDATE notification_requests SET data = '{}', cause = NULL, request_hash = NULL,
                    idempotency_key = CASE WHEN idempotency_key IS NULL THEN NULL ELSE '\(Redaction.placeholder):' || id END
                WHERE \(alone)
                """,
                [.textArray(requests)]
            ),
            IdempotencyKeys.forgetFingerprints(of: requests.compactMap(\.self)),
        ])
        return erased.count
    }

    private func values(_ person: Person) -> [SQLValue] {
        let emails = person.emails
        let phones = person.traces.filter { $0.value == .phone }.map(\.key)
        return [
            .textArray(person.subjectNames), .textArray((emails + phones).map { "address:\($0)" }),
            .textArray(emails + phones), .text(Redaction.placeholder),
        ]
    }
}
