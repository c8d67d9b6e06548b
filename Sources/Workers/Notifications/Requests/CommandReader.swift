import Models
import Outbound

/// Reads the members of an object in a command; every refusal names the field.
struct CommandReader {
    private let object: JSONValue
    private let path: String

    init(_ object: JSONValue, path: String) {
        self.object = object
        self.path = path
    }

    /// A member that is null counts as absent.
    func value(_ name: String) -> JSONValue? { object[name].flatMap { $0.isNull ? nil : $0 } }

    func text(_ name: String, limit: Int) throws(InvalidPayload) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { throw refuse(name, "expected a string") }
        guard text.utf8.count <= limit else {
            throw refuse(name, "expected at most \(limit) bytes, found \(text.utf8.count)")
        }
        guard !text.utf8.contains(0) else { throw refuse(name, "expected text, found the character U+0000") }
        return text
    }

    /// An id written as a string of 1 to 255 bytes or as a number.
    func identifier(_ name: String) throws(InvalidPayload) -> String? {
        if case .number(let text)? = value(name) { return text }
        guard let text = try text(name, limit: 255) else { return nil }
        guard !text.isEmpty else { throw refuse(name, "expected a text, found an empty one") }
        return text
    }

    /// Microseconds since 1970.
    func time(_ name: String) throws(InvalidPayload) -> Int64? {
        guard let text = try text(name, limit: 40) else { return nil }
        guard let time = EventTime.parse(text), time >= 0 else {
            throw refuse(name, "expected an ISO 8601 time from 1970 on, such as 2026-01-31T09:30:00Z")
        }
        return time
    }

    func members(_ name: String) throws(InvalidPayload) -> [JSONValue.Member] {
        guard let value = value(name) else { return [] }
        guard case .members(let members) = value else { throw refuse(name, "expected an object") }
        return members
    }

    func attachments(_ name: String) throws(InvalidPayload) -> [MailMessage.Attachment] {
        guard let value = value(name) else { return [] }
        guard case .array(let elements) = value, elements.count <= 20 else {
            throw refuse(name, "expected a list of at most 20 attachments")
        }
        var attachments: [MailMessage.Attachment] = []
        for (index, element) in elements.enumerated() {
            let reader = CommandReader(element, path: "\(path)\(name).\(index).")
            try reader.refuseUnknown(["fileName", "contentType", "content"])
            guard let fileName = try reader.text("fileName", limit: 255), !fileName.isEmpty else {
                throw reader.refuse("fileName", "missing")
            }
            guard let encoded = try reader.text("content", limit: 12_000_000) else {
                throw reader.refuse("content", "missing")
            }
            guard let content = Base64.decode(encoded) else { throw reader.refuse("content", "expected base64") }
            let type = try reader.text("contentType", limit: 127) ?? "application/octet-stream"
            attachments.append(.init(fileName: fileName, contentType: type, content: content))
        }
        return attachments
    }

    /// A BCP 47 tag of a language that templates are written in: `fr`, `fr-CA`.
    func language(_ name: String) throws(InvalidPayload) -> String? {
        guard let tag = try text(name, limit: 35) else { return nil }
        let parts = tag.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let isTag = parts.allSatisfy { part in
            (1...8).contains(part.count)
                && part.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) }
        }
        guard isTag, WrittenLanguage(tag: tag) != nil else {
            let known = WrittenLanguage.allCases.map(\.rawValue).joined(separator: ", ")
            throw refuse(name, "expected a language tag such as fr or fr-CA; templates are written in \(known)")
        }
        return tag
    }

    /// A name of the tz database: `Europe/Paris`.
    func timeZone(_ name: String) throws(InvalidPayload) -> String? {
        guard let zone = try text(name, limit: 64) else { return nil }
        guard ReaderZone.named(zone) != nil else {
            throw refuse(name, "expected a time zone such as Europe/Paris")
        }
        return zone
    }

    /// Refuses the first member that is none of these.
    func refuseUnknown(_ known: [String]) throws(InvalidPayload) {
        guard case .members(let members) = object, let stranger = members.first(where: { !known.contains($0.name) })
        else { return }
        throw refuse(
            String(stranger.name.prefix(100)),
            "is not known; there are \(known.joined(separator: ", "))"
        )
    }

    func refuse(_ name: String, _ problem: String) -> InvalidPayload {
        InvalidPayload(field: path + name, problem: problem)
    }
}
