/// Messages as JSON text, without loss: for columns, exports and people.
///
/// Properties are an object by their names in the specification. Headers are an object in their order; when a name
/// occurs twice, they are an array of pairs instead. In a header, text, booleans, whole numbers of 64 bits, arrays and
/// nothing are plain JSON; every other type is an object of one member that names it:
/// `{"int32": 5}`, `{"bytes": "AAE="}`, `{"binary-string": "/w=="}`, `{"timestamp": 1700000000}`, `{"double": 1.5}`,
/// `{"decimal": [2, 314]}`, `{"table": {…}}`. Whole numbers beyond 2^53, which many readers of JSON would round, are
/// in quotes: `{"int64": "9007199254740993"}`; so are numbers that are not finite, as their bits in hexadecimal digits.
public enum MessageJSON {
    /// What is nested deeper is not read.
    static let maximumDepth = 256

    public static func text(_ properties: MessageProperties) -> String {
        var writer = JSONWriter()
        writer.write(properties)
        return writer.text
    }

    public static func text(_ headers: HeaderTable) -> String {
        var writer = JSONWriter()
        writer.write(headers)
        return writer.text
    }

    /// One object with `properties`, `headers` and `body`: its text, or `{"bytes": "…"}` when it is not UTF-8.
    public static func text(_ message: Message) -> String {
        var writer = JSONWriter()
        writer.open("{")
        writer.name("properties")
        writer.write(message.properties)
        writer.name("headers")
        writer.write(message.headers)
        writer.name("body")
        if let text = String(validating: message.body, as: UTF8.self) {
            writer.string(text)
        } else {
            writer.tagged("bytes") { $0.string(Base64.encode(message.body)) }
        }
        writer.close("}")
        return writer.text
    }

    public static func properties(_ text: String) throws(MessageJSONError) -> MessageProperties {
        try MessageProperties(JSONReader.read(text))
    }

    public static func headers(_ text: String) throws(MessageJSONError) -> HeaderTable {
        try HeaderTable(JSONReader.read(text))
    }

    public static func message(_ text: String) throws(MessageJSONError) -> Message {
        guard case .members(let members) = try JSONReader.read(text) else {
            throw .unexpected("a message", "an object")
        }
        var message = Message()
        for member in members {
            let value = member.value
            switch (member.name, value) {
            case ("properties", _): message.properties = try MessageProperties(value)
            case ("headers", _): message.headers = try HeaderTable(value)
            case ("body", .string(let text)): message.body = Array(text.utf8)
            case ("body", _):
                guard case .bytes(let bytes) = try FieldValue(value) else {
                    throw .unexpected("body", #"text or {"bytes": "…"}"#)
                }
                message.body = bytes
            default: throw .unexpected(member.name, "properties, headers or body")
            }
        }
        return message
    }
}
