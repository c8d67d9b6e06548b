/// Reads the members of an object in a command; every refusal names the field.
package struct JSONObjectReader {
    private let object: JSONValue
    /// What stands before the name of a member in a refusal: `data.`.
    package let path: String

    package init(_ object: JSONValue, path: String) {
        self.object = object
        self.path = path
    }

    /// A member that is null counts as absent.
    package func value(_ name: String) -> JSONValue? { object[name].flatMap { $0.isNull ? nil : $0 } }

    package func text(_ name: String, limit: Int) throws(InvalidPayload) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { throw refuse(name, "expected a string") }
        guard text.utf8.count <= limit else {
            throw refuse(name, "expected at most \(limit) bytes, found \(text.utf8.count)")
        }
        guard !text.utf8.contains(0) else { throw refuse(name, "expected text, found the character U+0000") }
        return text
    }

    /// An id written as a string of 1 to 255 bytes or as a number.
    package func identifier(_ name: String) throws(InvalidPayload) -> String? {
        if case .number(let text)? = value(name) { return text }
        guard let text = try text(name, limit: 255) else { return nil }
        guard !text.isEmpty else { throw refuse(name, "expected a text, found an empty one") }
        return text
    }

    package func time(_ name: String) throws(InvalidPayload) -> WrittenTime? {
        guard let text = try text(name, limit: 40) else { return nil }
        guard let time = WrittenTime(text), time.microseconds >= 0 else {
            throw refuse(name, "expected an ISO 8601 time from 1970 on, such as 2026-01-31T09:30:00Z")
        }
        return time
    }

    package func members(_ name: String) throws(InvalidPayload) -> [JSONValue.Member] {
        guard let value = value(name) else { return [] }
        guard case .members(let members) = value else { throw refuse(name, "expected an object") }
        return members
    }

    /// Refuses the first member that is none of these.
    package func refuseUnknown(_ known: [String]) throws(InvalidPayload) {
        guard case .members(let members) = object, let stranger = members.first(where: { !known.contains($0.name) })
        else { return }
        throw refuse(
            String(stranger.name.prefix(100)),
            "is not known; there are \(known.joined(separator: ", "))"
        )
    }

    package func refuse(_ name: String, _ problem: String) -> InvalidPayload {
        InvalidPayload(field: path + name, problem: problem)
    }
}
