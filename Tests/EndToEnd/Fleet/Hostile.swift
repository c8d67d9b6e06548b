import FlotillaModels

/// A message that somebody sends by mistake or in malice, and what each queue has to say of it.
struct Hostile: Sendable {
    struct Refusal: Sendable {
        let type: String
        /// What the error's message has to contain.
        let words: String
    }

    /// Its message id.
    let name: String
    var message: OutgoingMessage
    /// By queue; a queue that is not here handles it.
    let refusals: [String: Refusal]

    private static let audit = "audit.all"
    private static let quota = "subscription.profile.viewed"

    private static func both(_ words: String, type: String = "invalid_payload") -> [String: Refusal] {
        [audit: Refusal(type: type, words: words), quota: Refusal(type: type, words: words)]
    }

    private static func quota(_ words: String) -> [String: Refusal] {
        [quota: Refusal(type: "invalid_payload", words: words)]
    }

    private init(_ name: String, _ body: [UInt8], _ refusals: [String: Refusal]) {
        self.name = name
        message = .event("profile.viewed", id: name, body)
        self.refusals = refusals
    }

    private init(_ name: String, _ body: String, _ refusals: [String: Refusal]) {
        self.init(name, Array(body.utf8), refusals)
    }

    private func with(_ change: (inout Message) -> Void) -> Hostile {
        var changed = self
        change(&changed.message.message)
        return changed
    }

    /// - Parameter word: begins every message id and every company.
    static func all(_ word: String) -> [Hostile] { bodies(word) + envelopes(word) }

    private static func bodies(_ word: String) -> [Hostile] {
        let huge = Array(#"{"companyId":""#.utf8) + Array(repeating: UInt8(ascii: "a"), count: 10 << 20)
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        return [
            Hostile("\(word)-empty", "", both("found an empty body")),
            Hostile("\(word)-huge", huge, both("limit of 8388608", type: "body_too_large")),
            Hostile(
                "\(word)-bytes",
                Array(#"{"companyId":""#.utf8) + [0xc3, 0x28, 0x22, 0x7d],
                both("expected UTF-8")
            ),
            Hostile("\(word)-deep", deep, both("levels of nesting")),
            Hostile("\(word)-deepobject", String(repeating: #"{"a":"#, count: 100_000), both("levels of nesting")),
            Hostile("\(word)-cut", #"{"companyId":"#, both("not JSON")),
            Hostile("\(word)-missing", #"{"profileId":"p"}"#, quota("companyId: missing")),
            Hostile("\(word)-wrong", #"{"companyId":["a"]}"#, quota("companyId: expected a string or an integer")),
            Hostile("\(word)-time", #"{"companyId":"a","occurredAt":{}}"#, quota("occurredAt: expected an ISO 8601")),
            Hostile("\(word)-array", "[1,2]", quota("expected an object, found an array")),
            Hostile("\(word)-null", #"{"companyId":"\u0000"}"#, quota("companyId: ")),
        ]
    }

    private static func envelopes(_ word: String) -> [Hostile] {
        let valid = #"{"companyId":"\#(word)-c0","profileId":"p"}"#
        return [
            Hostile("\(word)-headers", "{}", quota("companyId: missing")).with { $0.headers = everyType },
            Hostile("\(word)-headersvalid", valid, [:]).with { $0.headers = everyType },
            Hostile("\(word)-death", "{}", quota("companyId: missing")).with { $0.headers = foreignDeath },
            Hostile("\(word)-deathvalid", valid, [:]).with { $0.headers = foreignDeath },
            Hostile("\(word)-expires", "{}", quota("companyId: missing")).with {
                $0.properties.expiration = "600000"
                $0.headers = [
                    "CC": .array([.string("profile.viewed"), .string("\(word).copied")]),
                    "BCC": .array([.string("\(word).hidden")]),
                ]
            },
            Hostile(word + "-" + String(repeating: "i", count: 254 - word.utf8.count), valid, [:]),
            Hostile(
                "\(word)-nul",
                valid,
                [audit: Refusal(type: "invalid_payload", words: "message_id: expected text")]
            ).with { $0.properties.messageID = "\(word)-nul\u{0}" },
        ]
    }

    private static let foreignDeath: HeaderTable = [
        FleetHeader.brokerDeath: .array([
            .table([
                "count": .int64(99), "reason": "rejected", "queue": "elsewhere", "exchange": "",
                "routing-keys": .array(["a"]), "time": .timestamp(1),
            ]),
            .string("not even a table"),
        ])
    ]

    private static let everyType: HeaderTable = [
        "boolean": true, "int8": .int8(-8), "uint8": .uint8(200), "int16": .int16(-16), "uint16": .uint16(65_535),
        "int32": .int32(-32), "uint32": .uint32(4_000_000_000), "int64": .int64(.min), "float": .float(1.5),
        "double": .double(-2.25), "decimal": .decimal(scale: 2, value: 12_345), "string": "é 😀",
        "binary string": .binaryString([0xff, 0x00]), "bytes": .bytes([0, 1, 255]), "time": .timestamp(1_700_000_000),
        "array": .array([1, "two", .array([.void]), .table(["deep": .bytes([9])])]),
        "table": .table(["inner": .table(["innermost": .decimal(scale: 1, value: 3)])]), "void": .void, "": "no name",
    ]
}
