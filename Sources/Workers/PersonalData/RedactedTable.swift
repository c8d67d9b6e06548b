package import FlotillaStorage

/// A table whose rows stay, without the person.
package struct RedactedTable: PersonalDataStore {
    package struct Column: Sendable {
        package enum Content: Sendable {
            /// JSON, or anything else, as bytes.
            case bytes
            /// JSON as text.
            case json
            case jsonb
            /// Words.
            case text
            /// Words that no two rows may share: one that mentions the person is replaced as a whole.
            case unique
            /// Who called: `token:<iss>#<sub>`.
            case caller
        }

        let name: String
        let content: Content

        package init(_ name: String, _ content: Content) { (self.name, self.content) = (name, content) }
    }

    package let name: String
    package let table: String
    /// The primary key, and its type.
    package let key: (column: String, type: String)
    package let columns: [Column]
    /// The column with the event, if there is one.
    package let event: String?
    /// What else is set in a row that is about the person and nobody else: `state = 'purged'`; `nil` deletes the row.
    package let whenOwn: String?
    /// Whether idempotency keys belong to the rows, by which a request could be guessed that is redacted here.
    package let hasIdempotencyKeys: Bool
    package let pool: PostgresPool

    package init(
        name: String,
        table: String,
        key: (column: String, type: String),
        columns: [Column],
        event: String?,
        whenOwn: String?,
        hasIdempotencyKeys: Bool = false,
        pool: PostgresPool
    ) {
        self.name = name
        self.table = table
        self.key = key
        self.columns = columns
        self.event = event
        self.whenOwn = whenOwn
        self.hasIdempotencyKeys = hasIdempotencyKeys
        self.pool = pool
    }

    package var tables: [String] { [table] }

    private static let page = 100

    package func erase(_ person: Person, isDryRun: Bool) async throws -> ErasureCount {
        try await erase(person, isDryRun: isDryRun, among: ("true", []))
    }

    /// - Parameter others: which rows alone are looked at: a condition, and its values from `$3` on.
    package func erase(
        _ person: Person,
        isDryRun: Bool,
        among others: (condition: String, values: [SQLValue])
    ) async throws -> ErasureCount {
        let patterns = TracePatterns.all(of: person)
        guard !patterns.isEmpty else { return ErasureCount() }
        let redaction = Redaction(person)
        var count = ErasureCount()
        var cursor: String?
        while true {
            let (changed, last) = try await pool.transaction { transaction in
                let rows = try await transaction.query(select(patterns, after: cursor, among: others))
                let changes = rows.compactMap { change(of: $0, redaction) }
                if !isDryRun, !changes.isEmpty {
                    _ = try await transaction.pipeline(changes.map(\.statement))
                    if hasIdempotencyKeys {
                        _ = try await transaction.query(IdempotencyKeys.forgetFingerprints(of: changes.map(\.id)))
                    }
                }
                let own = changes.count(where: \.isOwn)
                let changed = ErasureCount(own: own, mentions: changes.count - own)
                return (changed, rows.count < Self.page ? nil : rows.last?.text(0))
            }
            count += changed
            guard let last else { return count }
            cursor = last
        }
    }

    private func select(
        _ patterns: [String],
        after cursor: String?,
        among others: (condition: String, values: [SQLValue])
    ) -> SQLStatement {
        let conditions = columns.map { column -> String in
            let text = column.content == .bytes ? "encode(\(column.name), 'escape')" : "\(column.name)::text"
            return "lower(\(text)) LIKE ANY ($1)"
        }
        let selected = columns.map { $0.content == .jsonb ? "\($0.name)::text" : $0.name }
        return SQLStatement(
            """
            SELECT \(key.column)::text, \(event ?? "NULL::text"), \(selected.joined(separator: ", ")) FROM \(table)
            WHERE (\(conditions.joined(separator: " OR "))) AND (\(others.condition))
                AND ($2::text IS NULL OR \(key.column) > ($2::text)::\(key.type))
            ORDER BY \(key.column) LIMIT \(Self.page) FOR UPDATE
            """,
            [.textArray(patterns), cursor.map { .text($0) } ?? .null] + others.values
        )
    }

    /// What takes the person out of the row; `nil` when the row only looked as if.
    private func change(of row: SQLRow, _ redaction: Redaction) -> (id: String, statement: SQLStatement, isOwn: Bool)? {
        guard let id = row.text(0) else { return nil }
        let event = row.text(1) ?? ""
        var isOwn = false
        var isChanged = false
        var values: [SQLValue] = [.text(id)]
        var settings: [String] = []
        func set(_ column: Column, _ value: SQLValue, _ cast: String = "") {
            values.append(value)
            settings.append("\(column.name) = $\(values.count)\(cast)")
        }
        for (place, column) in columns.enumerated() where !column.content.isWords {
            guard let bytes = row.bytes(place + 2) else { continue }
            let result = redaction.redact(bytes, of: column.content == .bytes ? event : "")
            if result.isOwn { isOwn = true }
            guard result.isChanged else { continue }
            isChanged = true
            let text = String(decoding: result.bytes, as: UTF8.self)
            switch column.content {
            case .bytes: set(column, .bytes(result.bytes))
            case .jsonb: set(column, .text(text.isEmpty ? "null" : text), "::text::jsonb")
            case .json, .text, .unique, .caller: set(column, .text(text))
            }
        }
        for (place, column) in columns.enumerated() where column.content.isWords {
            guard let text = row.text(place + 2) else { continue }
            var redacted =
                column.content == .caller ? redaction.redact(caller: text) : redaction.redact(text, isOwn: isOwn)
            guard redacted != text else { continue }
            if column.content == .unique { redacted = "\(Redaction.placeholder):\(id)" }
            isChanged = true
            set(column, .text(redacted))
        }
        let condition = "WHERE \(key.column) = ($1::text)::\(key.type)"
        guard isChanged else { return nil }
        if isOwn {
            guard let whenOwn else {
                return (id, SQLStatement("DELETE FROM \(table) \(condition)", [.text(id)]), true)
            }
            if !whenOwn.isEmpty { settings.append(whenOwn) }
        }
        return (id, SQLStatement("UPDATE \(table) SET \(settings.joined(separator: ", ")) \(condition)", values), isOwn)
    }
}

extension RedactedTable.Column.Content: Equatable {
    fileprivate var isWords: Bool { self == .text || self == .unique || self == .caller }
}
