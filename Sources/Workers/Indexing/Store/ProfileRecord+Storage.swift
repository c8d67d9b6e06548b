import FlotillaModels
import FlotillaStorage

/// A record as a row of `search_records` holds it.
struct StoredRecord: Sendable {
    var profileID: String
    var userIDs: [String]
    var standing: String
    /// Microseconds since 1970; of the latest event.
    var eventAt: Int64?
    /// JSON: the fields that tell who it is, and the others.
    var personal: String
    var fields: String
    /// JSON: which event each field is from, and those that the profile stands as it stands by.
    var versions: String
}

extension StoredRecord {
    init(_ record: ProfileRecord) {
        self.init(
            profileID: record.profileID,
            userIDs: record.userIDs,
            standing: record.standing.rawValue,
            eventAt: record.newest?.time,
            personal: Self.json(record.values(personal: true)),
            fields: Self.json(record.values(personal: false)),
            versions: Self.versions(of: record)
        )
    }

    private static func json(_ fields: ProfileFields) -> String {
        let members = ProfileField.allCases.compactMap { field in
            fields[field].map { JSONValue.Member(name: field.rawValue, value: $0) }
        }
        return JSONValue.members(members).json
    }

    /// Fields are grouped by event: most records are of one.
    private static func versions(of record: ProfileRecord) -> String {
        var members: [JSONValue.Member] = []
        for (name, version) in [
            ("validated", record.validated), ("rejected", record.rejected), ("newest", record.newest),
        ] {
            if let version { members.append(.init(name: name, value: .array(version.json))) }
        }
        let groups = Dictionary(grouping: record.fields, by: \.value.version).sorted { $0.key < $1.key }
        guard !groups.isEmpty else { return JSONValue.members(members).json }
        members.append(
            .init(
                name: "fields",
                value: .array(
                    groups.map { version, fields in
                        .array(version.json + fields.map(\.key.rawValue).sorted().map { .string($0) })
                    }
                )
            )
        )
        return JSONValue.members(members).json
    }
}

extension ProfileRecord {
    /// - Throws: `InvalidPayload` when the row is not as this program writes them.
    init(_ stored: StoredRecord) throws(InvalidPayload) {
        guard stored.standing != Standing.deleted.rawValue else {
            self.init(stored.profileID)
            delete()
            return
        }
        let versions = try JSONValue(Array(stored.versions.utf8))
        let values = [
            try JSONValue(Array(stored.personal.utf8)), try JSONValue(Array(stored.fields.utf8)),
        ]
        var fields: [ProfileField: Written] = [:]
        for group in versions["fields"]?.elements ?? [] {
            guard let version = EventVersion(group) else { throw Self.unreadable(stored) }
            for name in group.elements.dropFirst(2) {
                guard let field = name.text.flatMap(ProfileField.init),
                    let value = values[field.isPersonal ? 0 : 1][field.rawValue]
                else { throw Self.unreadable(stored) }
                fields[field] = Written(value: value, version: version)
            }
        }
        self.init(
            stored.profileID,
            userIDs: stored.userIDs,
            fields: fields,
            validated: versions["validated"].flatMap(EventVersion.init),
            rejected: versions["rejected"].flatMap(EventVersion.init),
            newest: versions["newest"].flatMap(EventVersion.init)
        )
    }

    private static func unreadable(_ stored: StoredRecord) -> InvalidPayload {
        InvalidPayload(
            field: "search_records",
            problem: "the record of profile \(stored.profileID.prefix(100)) can't be read: run flotilla index rebuild"
        )
    }
}

extension EventVersion {
    fileprivate var json: [JSONValue] { [.number(String(time)), .string(messageID.text)] }

    fileprivate init?(_ json: JSONValue) {
        let parts = json.elements
        guard parts.count >= 2, case .number(let text) = parts[0], let time = Int64(text), let id = parts[1].text else {
            return nil
        }
        self.init(time: time, messageID: id)
    }
}
