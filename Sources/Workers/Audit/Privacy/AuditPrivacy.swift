package import FlotillaPersonalData
package import FlotillaPlatform
package import FlotillaStorage
import Synchronization

/// Keeps personal data out of the audit log's plain text: seals it with its person's key before a row is hashed.
///
/// Rows without personal data cost one look at their body. docs/privacy.md describes keys and formats.
package final class AuditPrivacy: Sendable {
    package let pool: PostgresPool
    package let masters: MasterKeyring
    private let keys: SubjectKeys
    private let known = Mutex<Pseudonyms?>(nil)

    package init(_ pool: PostgresPool, masters: MasterKeyring) {
        self.pool = pool
        self.masters = masters
        keys = SubjectKeys(pool, masters)
    }

    /// Fails early where the database's keys were wrapped by a master key that is not here.
    package func check() async throws { _ = try await pseudonyms() }

    /// The pseudonyms of this database, whose key is made once for all.
    package func pseudonyms() async throws -> Pseudonyms {
        if let pseudonyms = known.withLock({ $0 }) { return pseudonyms }
        let master = masters.current
        let name = SubjectStatements.secretName
        let fresh = SubjectKey.wrap(RandomBytes.make(AESGCM.keyLength), of: name, by: master)
        let results = try await pool.pipeline([
            SubjectStatements.insertSecret(master: master.id, wrapped: fresh), SubjectStatements.secret,
        ])
        guard let row = results[1].first, let id = row.text(0), let wrapped = row.bytes(1) else {
            throw AuditError(
                code: .wrongKey,
                operation: "read audit_secrets",
                detail: "the key of the pseudonyms is missing",
                isRetriable: true
            )
        }
        let pseudonyms = Pseudonyms(key: try SubjectKey.unwrap(wrapped, of: name, by: try masters.key(id)))
        known.withLock { $0 = pseudonyms }
        return pseudonyms
    }

    /// The records with what is personal sealed, in the same order.
    func seal(_ records: [AuditRecord]) async throws -> [AuditRecord] {
        var records = records
        var scanners: [(index: Int, scanner: PersonalDataScanner)] = []
        var people: Set<DataSubject> = []
        for index in records.indices {
            let event = EventPrivacies.shared.privacy(of: records[index].event)
            let isConcerned = PersonalScan.mayConcern(records[index].body, event.names)
            guard isConcerned || records[index].hasTellingNames else { continue }
            let pseudonyms = try await pseudonyms()
            records[index].replaceTellingNames(pseudonyms)
            guard isConcerned else { continue }
            let scanner = PersonalDataScanner(
                records[index].body,
                event,
                pseudonyms,
                rowSubject: records[index].subject ?? records[index].actor,
                messageID: records[index].messageID
            )
            guard !scanner.findings.isEmpty else { continue }
            for finding in scanner.findings { people.insert(finding.subject) }
            scanners.append((index, scanner))
        }
        guard !scanners.isEmpty else { return records }
        let keys = try await keys.keys(of: people)
        try await storeTraces(scanners.map(\.scanner), keys)
        let sealer = AESGCMSealer()
        for (index, scanner) in scanners { records[index].body = seal(scanner, in: records[index], keys, by: sealer) }
        return records
    }

    private func seal(
        _ scanner: PersonalDataScanner,
        in record: AuditRecord,
        _ keys: [DataSubject: SubjectKey],
        by sealer: AESGCMSealer
    ) -> [UInt8] {
        scanner.replacing { finding, literal in
            // Of somebody who is forgotten nothing is taken down again.
            guard let key = keys[finding.subject], let cipher = key.cipher else { return Self.forgotten }
            let context = SealedValue.context(messageID: record.messageID, path: finding.path)
            return SealedValue(subject: key.id, sealed: cipher.seal(literal, context: context, by: sealer)).literal
        }
    }

    private func storeTraces(_ scanners: [PersonalDataScanner], _ keys: [DataSubject: SubjectKey]) async throws {
        var traces: [(person: DataSubject, category: PersonalFields.Category, text: String)] = []
        for finding in scanners.lazy.flatMap(\.findings) where keys[finding.subject]?.cipher != nil {
            for text in finding.traces { traces.append((finding.subject, finding.category, text)) }
        }
        var aliases: [(person: DataSubject, other: DataSubject)] = []
        for (person, others) in scanners.lazy.flatMap(\.aliases) where keys[person]?.cipher != nil {
            for other in others { aliases.append((person, other)) }
        }
        let pseudonyms = try await pseudonyms()
        let sealer = AESGCMSealer()
        // What is stored already costs neither a digest nor a seal.
        try await self.keys.store(traces: traces, aliases: aliases, keys) { key, cipher, category, text in
            let context = SubjectTrace.context(key.id)
            let sealed = cipher.seal(Array(text.utf8), context: context, by: sealer)
            let digest = pseudonyms.digest(text, category)
            return SubjectTrace(subject: key.id, digest: digest, category: category, sealed: sealed)
        }
    }

    /// What is shown, and stored, in the place of a value that nobody can read any more.
    static let forgotten = Array("\"forgotten\"".utf8)
}

extension AuditRecord {
    /// Whether an id of the row identifies a person.
    fileprivate var hasTellingNames: Bool {
        [actor, subject, correlationID, messageID, receipt.by, receipt.id].contains {
            $0?.utf8.contains(UInt8(ascii: "@")) == true
        }
    }

    fileprivate mutating func replaceTellingNames(_ pseudonyms: Pseudonyms) {
        actor = actor.map(pseudonyms.identifier)
        subject = subject.map(pseudonyms.identifier)
        correlationID = correlationID.map(pseudonyms.identifier)
        messageID = pseudonyms.identifier(messageID)
        receipt.by = receipt.by.map(pseudonyms.identifier)
        receipt.id = receipt.id.map(pseudonyms.identifier)
    }
}
