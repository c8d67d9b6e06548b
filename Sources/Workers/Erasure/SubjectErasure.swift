package import FlotillaAudit
import FlotillaModels
package import FlotillaPersonalData
import FlotillaPlatform
import FlotillaStorage

/// Forgets somebody: takes the person out of every store, and destroys the keys to what the audit log holds.
///
/// The keys go last, because they open what the person is found by. What was interrupted is finished by doing it again.
package struct SubjectErasure: Sendable {
    /// Who wants it, and why. The reason must not identify the person.
    package struct Request: Sendable {
        package var actor: String
        package var reason: String?

        package init(actor: String, reason: String?) { (self.actor, self.reason) = (actor, reason) }
    }

    /// What becomes of others who share an address or a number with the person.
    package enum Linked: Sendable {
        /// Nobody is forgotten when there are any. Afterwards the person's traces are gone, and nothing links them.
        case refused
        case included
        /// They keep their keys.
        case leftAlone
    }

    package struct Report: Sendable {
        /// How many records of each store are concerned.
        package var counts: [(store: String, count: ErasureCount)] = []
        /// Names whose keys are destroyed.
        package var subjects: [String] = []
        /// Names of others who share an address or a number with the person, and are left alone.
        package var linked: [String] = []
        /// The message id of its audit row; `nil` for a dry run.
        package var operationID: String?

        /// Who is ``linked``, as a sentence.
        package var sharing: String {
            let names = linked.joined(separator: ", ")
            return "\(names) \(linked.count == 1 ? "shares" : "share") an address or a number with the person"
        }
    }

    private let privacy: AuditPrivacy
    private let stores: [any PersonalDataStore]

    package init(_ privacy: AuditPrivacy, stores: [any PersonalDataStore]) {
        self.privacy = privacy
        self.stores = stores
    }

    /// - Parameters:
    ///   - subject: `user:u-1`, `u-1`, an e-mail address, or a telephone number that begins with `+`.
    ///   - others: further names of the same person, or texts such as a full name.
    ///   - linked: whether those too are forgotten who share an address or a number with the person.
    ///   - request: `nil` is a dry run, which changes nothing and refuses nobody.
    /// - Throws: `AuditError` when the subject is not one person, or others are linked and `linked` does not say what
    ///   becomes of them. Nothing is changed then.
    package func forget(
        _ subject: String,
        also others: [String] = [],
        linked: Linked = .refused,
        by request: Request?,
        progress: (_ store: String, _ count: ErasureCount) -> Void = { _, _ in }
    ) async throws -> Report {
        let search = SubjectSearch(privacy, stores)
        var person = try await search.person(subject, also: others)
        var report = Report()
        report.linked = try await search.linked(to: person)
        if linked == .included, !report.linked.isEmpty {
            person = try await search.person(subject, also: others + report.linked)
            report.linked = try await search.linked(to: person)
        } else if linked == .refused, request != nil, !report.linked.isEmpty {
            throw AuditError(
                code: .invalid,
                operation: "forget",
                detail: """
                    nothing is changed: \(report.sharing); say --linked to forget them too, or --alone to leave them
                    """,
                isRetriable: false
            )
        }
        for store in stores {
            let count = try await store.erase(person, isDryRun: request == nil)
            report.counts.append((store.name, count))
            progress(store.name, count)
        }
        report.subjects = try await known(person)
        guard let request else { return report }
        report.operationID = try await destroyKeys(of: person, naming: subject, request, report)
        // Old versions of the rows hold the keys until then. It is the server's own business when it can't be now.
        for table in ["audit_subjects", "audit_subject_traces"] {
            _ = try? await privacy.pool.query(SQLStatement("VACUUM \(table)"))
        }
        return report
    }

    private func known(_ person: Person) async throws -> [String] {
        let names = person.subjects.map(\.description)
        let rows = try await privacy.pool.query(
            SQLStatement(
                "SELECT name FROM audit_subjects WHERE name = ANY ($1) AND wrapped_key IS NOT NULL ORDER BY name",
                [.textArray(names)]
            )
        )
        return rows.compactMap { $0.text(0) }
    }

    /// Destroys keys and traces, and says so in the audit log, in one transaction.
    private func destroyKeys(
        of person: Person,
        naming subject: String,
        _ request: Request,
        _ report: Report
    ) async throws -> String {
        let id = UUIDv7.make()
        let names = person.subjects.map(\.description).sorted()
        let shown = try await shownName(subject, person)
        let reason = request.reason.map { Redaction(person).redact($0, isOwn: true) }
        let record = record(id, shown, reason, request.actor, report)
        try await privacy.pool.transaction { transaction in
            _ = try await transaction.pipeline([
                // Those that no event has named yet are taken down too, so that nothing of them will be.
                SQLStatement(
                    """
                    INSERT INTO audit_subjects (name, forgotten_at) SELECT name, now() FROM unnest($1) AS old (name)
                    ORDER BY name ON CONFLICT (name) DO UPDATE SET master = NULL, wrapped_key = NULL,
                        forgotten_at = coalesce(audit_subjects.forgotten_at, now())
                    """,
                    [.textArray(names)]
                ),
                SQLStatement(
                    """
                    DELETE FROM audit_subject_traces WHERE subject_id IN (
                        SELECT id FROM audit_subjects WHERE name = ANY ($1))
                    """,
                    [.textArray(names)]
                ),
                SQLStatement(
                    """
                    INSERT INTO operator_actions
                        (operation_id, action, actor, reason, parameters, state, matched, changed, finished_at)
                    VALUES ($1, 'forget', $2, $3::text, $4, 'completed', $5, $5, now())
                    """,
                    [
                        .text(id), .text(request.actor), reason.map { .text($0) } ?? .null,
                        .json(JSONValue.members([.init(name: "subject", value: .string(shown))]).json),
                        .int(Int64(report.counts.reduce(0) { $0 + $1.count.total })),
                    ]
                ),
            ])
            try await AuditAppend.append([record], in: transaction)
        }
        return id
    }

    /// How the audit log speaks of the person from now on: by a name that tells nothing.
    private func shownName(_ subject: String, _ person: Person) async throws -> String {
        let id = DataSubject(name: subject)?.id ?? subject
        let isTelling = person.traces[id] != nil || id.utf8.contains(UInt8(ascii: "@"))
        return isTelling ? try await privacy.pseudonyms().pseudonym(of: id) : subject
    }

    private func record(
        _ id: String,
        _ subject: String,
        _ reason: String?,
        _ actor: String,
        _ report: Report
    ) -> AuditRecord {
        var members: [JSONValue.Member] = [.init(name: "subject", value: .string(subject))]
        if let reason { members.append(.init(name: "reason", value: .string(reason))) }
        members.append(.init(name: "keysDestroyed", value: .number("\(report.subjects.count)")))
        members.append(
            .init(
                name: "erased",
                value: .members(report.counts.map { .init(name: $0.store, value: .number("\($0.count.total)")) })
            )
        )
        let now = WallClock.microseconds()
        return AuditRecord(
            lane: 0,
            sequence: 0,
            recordedAt: now,
            occurredAt: now,
            event: "subject.forgotten",
            actor: actor,
            subject: DataSubject(name: subject)?.id ?? subject,
            service: "flotilla",
            messageID: id,
            exchange: "",
            routingKey: "subject.forgotten",
            body: Array(JSONValue.members(members).json.utf8)
        )
    }
}
