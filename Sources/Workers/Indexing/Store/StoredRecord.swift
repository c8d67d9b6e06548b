import FlotillaModels

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
            ("validated", record.validated), ("rejected", record.rejected), ("withdrawn", record.withdrawn),
            ("restored", record.restored), ("newest", record.newest),
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
