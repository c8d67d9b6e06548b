import FlotillaModels
import FlotillaStorage

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
            withdrawn: versions["withdrawn"].flatMap(EventVersion.init),
            restored: versions["restored"].flatMap(EventVersion.init),
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
    var json: [JSONValue] { [.number(String(time)), .string(messageID.text)] }

    init?(_ json: JSONValue) {
        let parts = json.elements
        guard parts.count >= 2, case .number(let text) = parts[0], let time = Int64(text), let id = parts[1].text else {
            return nil
        }
        self.init(time: time, messageID: id)
    }
}
