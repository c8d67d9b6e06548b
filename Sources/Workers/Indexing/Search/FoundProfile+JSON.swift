import FlotillaModels
import FlotillaPlatform

extension FoundProfile {
    /// The profile for its readers, as the text of a JSON object.
    ///
    /// - Parameter isFull: with names and addresses, and with the texts as they are; else these are left out of both.
    package func json(isFull: Bool) throws -> String {
        guard case .members(var members) = try JSONValue(Array(fields.utf8)) else { return "{}" }
        let personal = try JSONValue(Array(self.personal.utf8))
        if !isFull {
            let anonymiser = Anonymiser(Self.fields(of: personal))
            members = members.map { .init(name: $0.name, value: anonymiser.clean($0.value)) }
        }
        members.insert(.init(name: "id", value: .string(profileID)), at: 0)
        if let relevance { members.append(.init(name: "relevance", value: .number("\(relevance)"))) }
        members.append(.init(name: "updatedAt", value: .string(WallClock.iso8601(eventAt))))
        if isFull { members.append(.init(name: "contact", value: personal)) }
        return JSONValue.members(members).json
    }

    private static func fields(of personal: JSONValue) -> ProfileFields {
        guard case .members(let members) = personal else { return [:] }
        var fields: ProfileFields = [:]
        for member in members {
            if let field = ProfileField(rawValue: member.name) { fields[field] = member.value }
        }
        return fields
    }
}
