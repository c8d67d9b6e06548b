import FlotillaStorage

/// The records that a batch of events is about, in every generation that is written, as the batch changes them.
struct IndexBatch {
    private struct Place: Hashable {
        let generation: Int64
        let profileID: ExactText
    }

    private struct Entry {
        let before: ProfileRecord?
        /// 0 for a new record.
        let revision: Int64
        var record: ProfileRecord
    }

    private let generations: [Int64]
    private let deletedUsers: Set<ExactText>
    private var entries: [Place: Entry] = [:]

    /// - Parameters:
    ///   - records: rows of ``IndexStatements/records(of:)``.
    ///   - deletedUsers: those of the users of the batch who have left.
    init(generations: [Int64], records: SQLResult, deletedUsers: [String]) throws {
        self.generations = generations
        self.deletedUsers = Set(deletedUsers.map(ExactText.init))
        for row in records {
            guard let generation = row.int(0), let revision = row.int(8), let stored = StoredRecord(row) else {
                continue
            }
            let record = try ProfileRecord(stored)
            let place = Place(generation: generation, profileID: ExactText(record.profileID))
            entries[place] = Entry(before: record, revision: revision, record: record)
        }
    }

    mutating func apply(_ change: ProfileChange, _ kind: ProfileChange.Kind, _ version: EventVersion) {
        update(change.profileID) { $0.apply(change, kind, version) }
    }

    /// Joins a record from elsewhere into that of its profile.
    mutating func join(_ other: ProfileRecord) { update(other.profileID) { $0.join(other) } }

    private mutating func update(_ profileID: String, _ change: (inout ProfileRecord) -> Void) {
        for generation in generations {
            let place = Place(generation: generation, profileID: ExactText(profileID))
            var entry = entries[place] ?? Entry(before: nil, revision: 0, record: ProfileRecord(profileID))
            change(&entry.record)
            if entry.record.userIDs.contains(where: { deletedUsers.contains(ExactText($0)) }) { entry.record.delete() }
            entries[place] = entry
        }
    }

    /// What the batch comes to, in the order in which rows are locked.
    ///
    /// - Parameter tellsAll: whether profiles that must not be found are among it although they were not before.
    func changes(tellsAll: Bool) -> IndexChanges {
        var changes = IndexChanges()
        let places = entries.keys.sorted {
            $0.generation == $1.generation ? $0.profileID < $1.profileID : $0.generation < $1.generation
        }
        for place in places {
            guard let entry = entries[place], entry.record != entry.before else { continue }
            changes.records.append((place.generation, StoredRecord(entry.record), entry.revision))
            let document = SearchDocument(entry.record)
            guard document != nil || tellsAll || entry.before?.isVisible == true else { continue }
            changes.index.append(
                IndexedChange(generation: place.generation, profileID: place.profileID.text, document: document)
            )
        }
        return changes
    }
}

extension StoredRecord {
    /// - Parameter row: of ``IndexStatements/records(of:)``.
    init?(_ row: SQLRow) {
        guard let profileID = row.text(1), let userIDs = row.texts(2), let standing = row.text(3),
            let personal = row.text(5), let fields = row.text(6), let versions = row.text(7)
        else { return nil }
        self.init(
            profileID: profileID,
            userIDs: userIDs,
            standing: standing,
            eventAt: row.timestamp(4),
            personal: personal,
            fields: fields,
            versions: versions
        )
    }
}
