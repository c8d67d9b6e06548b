extension MessageProperties {
    /// The properties that are short strings, by their names in the specification.
    private static let texts: [(name: String, path: any WritableKeyPath<MessageProperties, String?> & Sendable)] = [
        ("content-type", \.contentType), ("content-encoding", \.contentEncoding), ("correlation-id", \.correlationID),
        ("reply-to", \.replyTo), ("expiration", \.expiration), ("message-id", \.messageID), ("type", \.type),
        ("user-id", \.userID), ("app-id", \.appID), ("cluster-id", \.clusterID),
    ]

    fileprivate func write(into writer: inout JSONWriter) {
        writer.open("{")
        for (name, path) in Self.texts {
            guard let text = self[keyPath: path] else { continue }
            writer.name(name)
            writer.string(text)
        }
        if let deliveryMode {
            writer.name("delivery-mode")
            writer.integer(deliveryMode)
        }
        if let priority {
            writer.name("priority")
            writer.integer(priority)
        }
        if let timestamp {
            writer.name("timestamp")
            writer.integer(timestamp)
        }
        for (name, bytes) in malformed.sorted(by: { $0.key < $1.key }) {
            writer.name(name)
            writer.tagged("binary-string") { $0.string(Base64.encode(bytes)) }
        }
        writer.close("}")
    }

    init(_ json: JSONValue) throws(MessageJSONError) {
        self.init()
        guard case .members(let members) = json else { throw .unexpected("properties", "an object") }
        for member in members { try read(member) }
    }

    private mutating func read(_ member: JSONValue.Member) throws(MessageJSONError) {
        switch (member.name, member.value) {
        case ("delivery-mode", let value): deliveryMode = try value.integer(member.name, as: UInt8.self)
        case ("priority", let value): priority = try value.integer(member.name, as: UInt8.self)
        case ("timestamp", let value): timestamp = try value.integer(member.name, as: UInt64.self)
        case (let name, .members):
            guard case .binaryString(let bytes) = try FieldValue(member.value) else {
                throw .unexpected(name, #"text or {"binary-string": "…"}"#)
            }
            malformed[name] = bytes
        case (let name, .string(let text)):
            guard let path = Self.texts.first(where: { $0.name == name })?.path else {
                throw .unexpected("the property \(name)", "one of AMQP's")
            }
            self[keyPath: path] = text
        default: throw .unexpected(member.name, "text")
        }
    }
}

extension JSONWriter {
    mutating func write(_ properties: MessageProperties) { properties.write(into: &self) }
}
