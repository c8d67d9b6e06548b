import FlotillaModels

/// What a value has to be: it reads values, and describes itself to the readers of `/openapi.json`.
package struct Rule<Value: Sendable>: Sendable {
    /// JSON Schema.
    package let schema: String
    /// Reads a member of a body, or says what was expected.
    package let read: @Sendable (JSONMember) throws(RuleProblem) -> Value
    /// Reads a query parameter or a header.
    package let readText: @Sendable (String) throws(RuleProblem) -> Value

    package init(
        schema: String,
        read: @escaping @Sendable (JSONMember) throws(RuleProblem) -> Value,
        readText: @escaping @Sendable (String) throws(RuleProblem) -> Value
    ) {
        self.schema = schema
        self.read = read
        self.readText = readText
    }
}

extension Rule where Value == String {
    /// The pattern of text without control characters.
    private static var noControlCharacters: String { "^[^\\u0000-\\u001F\\u007F]*$" }

    /// - Parameters:
    ///   - length: in bytes of UTF-8.
    ///   - pattern: for the description; `isMatch` decides.
    package static func string(
        length: ClosedRange<Int> = 1...255,
        pattern: String? = nil,
        isMatch: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> Self {
        let check: @Sendable (String) throws(RuleProblem) -> String = { text throws(RuleProblem) in
            guard length.contains(text.utf8.count) else {
                throw RuleProblem("has to be \(length.lowerBound) to \(length.upperBound) bytes long")
            }
            guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
                throw RuleProblem("has control characters")
            }
            guard isMatch(text) else { throw RuleProblem("has to match \(pattern ?? "its form")") }
            return text
        }
        var schema = JSONObject()
        schema.add("type", "string")
        schema.add("minLength", length.lowerBound)
        schema.add("maxLength", length.upperBound)
        schema.add("pattern", pattern ?? noControlCharacters)
        return Rule(
            schema: schema.closed,
            read: { member throws(RuleProblem) in try check(member.string()) },
            readText: check
        )
    }

    /// Dotted words of letters, digits, `-` and `_`, as in `profile.viewed`; up to 255 bytes.
    package static var routingKey: Self {
        string(pattern: "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$") { key in
            key.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { word in
                !word.isEmpty && word.allSatisfy(\.isRoutingKeyByte)
            }
        }
    }

    package static func choice(_ values: [String]) -> Self {
        let check: @Sendable (String) throws(RuleProblem) -> String = { text throws(RuleProblem) in
            guard values.contains(text) else {
                throw RuleProblem("has to be one of \(values.joined(separator: ", "))")
            }
            return text
        }
        return Rule(
            schema: "{\"type\":\"string\",\"enum\":[\(values.map(\.json).joined(separator: ","))]}",
            read: { member throws(RuleProblem) in try check(member.string()) },
            readText: check
        )
    }
}

extension Rule {
    /// `1.0` and `1e2` are whole numbers too, as JSON Schema has it.
    static func wholeNumber(_ text: String) -> Int? {
        let begin = text.utf8.drop { $0 == UInt8(ascii: "-") }
        guard let first = begin.first, (0x30...0x39).contains(first) else { return nil }
        return Double(text).flatMap { Int(exactly: $0) }
    }
}

extension Rule where Value == Int {
    package static func integer(_ range: ClosedRange<Int>) -> Self {
        let check: @Sendable (String) throws(RuleProblem) -> Int = { text throws(RuleProblem) in
            guard let number = Int(text) ?? wholeNumber(text), range.contains(number) else {
                throw RuleProblem("has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        return Rule(
            schema: "{\"type\":\"integer\",\"minimum\":\(range.lowerBound),\"maximum\":\(range.upperBound)}",
            read: { member throws(RuleProblem) in
                guard member.kind == .number else { throw member.mismatch("a whole number") }
                return try check(member.text)
            },
            readText: check
        )
    }
}

extension Rule where Value == Timestamp {
    package static var timestamp: Self {
        let check: @Sendable (String) throws(RuleProblem) -> Timestamp = { text throws(RuleProblem) in
            guard text.utf8.count <= 40, let time = EventTime.parse(text), (0...Timestamp.latest).contains(time) else {
                throw RuleProblem("has to be an ISO 8601 time from 1970 to 9999, such as 2026-01-31T09:30:00Z")
            }
            return Timestamp(microseconds: time)
        }
        return Rule(
            schema: #"{"type":"string","format":"date-time","pattern":"^(19[7-9][0-9]|[2-9][0-9]{3})-"}"#,
            read: { member throws(RuleProblem) in try check(member.string()) },
            readText: check
        )
    }
}

extension Rule where Value == [UInt8] {
    /// Any JSON value, byte by byte as it was sent.
    package static var json: Self {
        Rule(
            schema: #"{"type":["object","array","string","number","boolean"]}"#,
            read: { member throws(RuleProblem) in Array(member.raw) },
            readText: { _ throws(RuleProblem) in throw RuleProblem("can't be given as text") }
        )
    }

    /// A JSON object, byte by byte as it was sent.
    package static var object: Self {
        Rule(
            schema: "{\"type\":\"object\"}",
            read: { member throws(RuleProblem) in
                guard member.kind == .object else { throw member.mismatch("an object") }
                return Array(member.raw)
            },
            readText: { _ throws(RuleProblem) in throw RuleProblem("can't be given as text") }
        )
    }
}

extension UInt8 {
    fileprivate var isRoutingKeyByte: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
