import FoundationEssentials

/// What a message says by the CloudEvents 1.0 convention, in either of its two forms.
public struct CloudEvent: Sendable, Hashable {
    public var id: String?
    public var type: String?
    public var source: String?
    public var subject: String?
    /// Microseconds since 1970.
    public var time: Int64?
    /// The event's data. In the binary form this is the message's body.
    public var body: [UInt8]

    /// Reads a structured event (`application/cloudevents+json`) or the headers of a binary one (`cloudEvents_type`,
    /// `cloudEvents:type`, …); `nil` for every other message, without looking at its body.
    ///
    /// - Throws: when a structured event is not JSON, or lacks `specversion` or `type`.
    public static func unwrap(_ message: Message) throws(InvalidPayload) -> CloudEvent? {
        if let contentType = message.properties.contentType,
            contentType.utf8.first.map({ $0 | 0x20 }) == UInt8(ascii: "a")
        {
            let mediaType = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
            if mediaType == "application/cloudevents+json" { return try CloudEvent(structured: message.body) }
            if mediaType == "application/cloudevents-batch+json" {
                throw InvalidPayload(field: "", problem: "expected one CloudEvent, found a batch of them")
            }
        }
        return message.headers.isEmpty ? nil : CloudEvent(binary: message)
    }

    private init(structured bytes: [UInt8]) throws(InvalidPayload) {
        var members: [String: JSONScanner.Member] = [:]
        try JSONScanner.forEachMember(of: bytes) { member in
            if member.key.count <= 20 { members[String(decoding: bytes[member.key], as: UTF8.self)] = member }
        }
        func text(_ name: String) throws(InvalidPayload) -> String? {
            guard let member = members[name], member.kind != .null else { return nil }
            guard let text = member.text(in: bytes) else {
                throw InvalidPayload(field: name, problem: "expected a string, found \(member.kind.noun)")
            }
            return text
        }
        guard let version = try text("specversion") else {
            throw InvalidPayload(field: "specversion", problem: "missing")
        }
        guard version.hasPrefix("1.") || version == "0.3" else {
            throw InvalidPayload(field: "specversion", problem: "expected 1.0, found another version")
        }
        type = try text("type")
        guard type != nil else { throw InvalidPayload(field: "type", problem: "missing") }
        id = try text("id")
        source = try text("source")
        subject = try text("subject")
        time = try text("time").flatMap { EventTime.parse($0) }
        if let encoded = try text("data_base64") {
            guard let data = Data(base64Encoded: encoded) else {
                throw InvalidPayload(field: "data_base64", problem: "expected base64, found other text")
            }
            body = Array(data)
        } else if let data = members["data"] {
            body = Array(bytes[data.literal])
        } else {
            body = Array("null".utf8)
        }
    }

    private init?(binary message: Message) {
        body = message.body
        for entry in message.headers.entries {
            guard let name = Self.attribute(of: entry.name) else { continue }
            switch name {
            case "id": id = entry.value.text
            case "type": type = entry.value.text
            case "source": source = entry.value.text
            case "subject": subject = entry.value.text
            case "time":
                time =
                    entry.value.text.map { EventTime.parse($0) }
                    ?? entry.value.integer.flatMap { EventTime.since1970(Double($0)) }
            default: continue
            }
        }
        if id == nil && type == nil && source == nil { return nil }
    }

    /// The attribute's name without its prefix, or `nil` for another header.
    private static func attribute(of header: String) -> Substring? {
        let prefix = "cloudEvents"
        guard header.utf8.count > prefix.utf8.count + 1, header.hasPrefix(prefix) else { return nil }
        let rest = header.dropFirst(prefix.count)
        return rest.first == "_" || rest.first == ":" ? rest.dropFirst() : nil
    }
}
