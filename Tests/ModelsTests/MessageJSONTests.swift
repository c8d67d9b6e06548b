@testable import FlotillaModels
import Testing

struct MessageJSONTests {
    @Test func `plain text stays readable and every other type is named`() {
        let headers: HeaderTable = [
            "name": "text", "flag": true, "count": 5, "small": .int32(5), "raw": .bytes([0, 1]), "none": .void,
            "list": .array(["a", .uint8(1)]), "nested": .table(["a": .timestamp(7)]),
            "price": .decimal(scale: 2, value: 314),
            "huge": .int64(.max), "broken": .binaryString([0xff]),
        ]
        #expect(
            MessageJSON.text(headers) == """
                {"name":"text","flag":true,"count":5,"small":{"int32":5},"raw":{"bytes":"AAE="},"none":null,\
                "list":["a",{"uint8":1}],"nested":{"table":{"a":{"timestamp":7}}},"price":{"decimal":[2,314]},\
                "huge":{"int64":"9223372036854775807"},"broken":{"binary-string":"/w=="}}
                """
        )
    }

    @Test func `a header that occurs twice survives, in its place`() throws {
        let headers = HeaderTable([
            .init(name: "a", value: 1), .init(name: "b", value: 2), .init(name: "a", value: .table(["x": 1])),
        ])
        #expect(MessageJSON.text(headers) == #"[["a",1],["b",2],["a",{"table":{"x":1}}]]"#)
        #expect(try MessageJSON.headers(MessageJSON.text(headers)) == headers)
    }

    @Test func `any message comes back as it was`() throws {
        var generator = SplitMix(seed: 42)
        for _ in 0..<2_000 {
            let message = Message.random(using: &generator)
            let text = MessageJSON.text(message)
            #expect(try MessageJSON.message(text) == message)
            #expect(try MessageJSON.headers(MessageJSON.text(message.headers)).entries == message.headers.entries)
        }
    }

    @Test func `numbers that are not finite keep their bits`() throws {
        let headers: HeaderTable = [
            "inf": .double(.infinity), "float": .float(-.infinity),
            "nan": .double(Double(bitPattern: 0x7ff8_0000_0000_0001)),
        ]
        let read = try MessageJSON.headers(MessageJSON.text(headers))
        #expect(read["inf"] == .double(.infinity))
        #expect(read["float"] == .float(-.infinity))
        guard case .double(let nan)? = read["nan"] else {
            Issue.record("nan is not a double")
            return
        }
        #expect(nan.bitPattern == 0x7ff8_0000_0000_0001)
    }

    @Test func `what other programs write is read too`() throws {
        let text = """
             { "properties" : { "message-id" : "\\u00e9\\ud83d\\ude00\\/" , "priority":"3" },
            "headers": {"a": {"int64":-1}}, "body": "x\\u0000" }
            """
        let message = try MessageJSON.message(text)
        #expect(message.properties.messageID == "é\u{1F600}/")
        #expect(message.properties.priority == 3)
        #expect(message.headers["a"] == .int64(-1))
        #expect(message.body == [0x78, 0])
    }

    @Test(
        arguments: [
            "", "{", "[]", "{\"a\":1}", "{\"properties\":[]}", "{\"headers\":{\"a\":{\"int8\":300}}}", "{} x",
            "{\"headers\":{\"a\":{\"bytes\":\"A\"}}}", "{\"headers\":{\"a\":1.5}}",
            "{\"properties\":{\"colour\":\"x\"}}",
            "{\"headers\":{\"a\":\"\\ud800\"}}", "{\"body\":{\"int8\":1}}", "{\"headers\":{\"a\":{}}}",
        ]
    )
    func `a text that is not a message is refused`(_ text: String) {
        #expect(throws: MessageJSONError.self) { try MessageJSON.message(text) }
    }

    @Test func `absurd nesting is refused and does not end the process`() {
        let text = #"{"a":"# + String(repeating: "[", count: 100_000)
        let error = #expect(throws: MessageJSONError.self) { try MessageJSON.headers(text) }
        #expect(error?.code == .tooDeep)
    }
}

struct Base64Tests {
    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func `the test vectors of RFC 4648 hold`(_ plain: String, _ encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg=", "Z", "Zg=a", "====", "Zm9v!mFy", "Z===", "=Zm9"])
    func `what is not base64 is refused`(_ text: String) { #expect(Base64.decode(text) == nil) }
}

/// A small generator whose sequence is the same in every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension Message {
    static func random(using generator: inout SplitMix) -> Message {
        var properties = MessageProperties()
        if Bool.random(using: &generator) { properties.messageID = text(using: &generator) }
        if Bool.random(using: &generator) { properties.correlationID = text(using: &generator) }
        if Bool.random(using: &generator) { properties.contentType = text(using: &generator) }
        if Bool.random(using: &generator) { properties.userID = text(using: &generator) }
        if Bool.random(using: &generator) { properties.deliveryMode = .random(in: 0...255, using: &generator) }
        if Bool.random(using: &generator) { properties.timestamp = .random(in: 0...UInt64.max, using: &generator) }
        if Bool.random(using: &generator) { properties.malformed["reply-to"] = bytes(using: &generator) + [0xff] }
        return Message(
            properties: properties,
            headers: table(depth: 0, using: &generator),
            body: Bool.random(using: &generator) ? bytes(using: &generator) : Array(text(using: &generator).utf8)
        )
    }

    private static func table(depth: Int, using generator: inout SplitMix) -> HeaderTable {
        HeaderTable(
            (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                .init(name: text(using: &generator), value: value(depth: depth + 1, using: &generator))
            }
        )
    }

    private static func value(depth: Int, using generator: inout SplitMix) -> FieldValue {
        switch Int.random(in: 0...(depth > 3 ? 16 : 18), using: &generator) {
        case 0: .boolean(.random(using: &generator))
        case 1: .int8(.random(in: .min ... .max, using: &generator))
        case 2: .uint8(.random(in: .min ... .max, using: &generator))
        case 3: .int16(.random(in: .min ... .max, using: &generator))
        case 4: .uint16(.random(in: .min ... .max, using: &generator))
        case 5: .int32(.random(in: .min ... .max, using: &generator))
        case 6: .uint32(.random(in: .min ... .max, using: &generator))
        case 7: .int64(.random(in: .min ... .max, using: &generator))
        case 8: .uint64(.random(in: .min ... .max, using: &generator))
        case 9: .float(.random(in: -1e30...1e30, using: &generator))
        case 10: .double(.random(in: -1e300...1e300, using: &generator))
        case 11:
            .decimal(
                scale: .random(in: .min ... .max, using: &generator),
                value: .random(in: .min ... .max, using: &generator)
            )
        case 12: .string(text(using: &generator))
        case 13: .binaryString(bytes(using: &generator) + [0xff])
        case 14: .bytes(bytes(using: &generator))
        case 15: .timestamp(.random(in: .min ... .max, using: &generator))
        case 16: .void
        case 17:
            .array(
                (0..<Int.random(in: 0...3, using: &generator)).map { _ in value(depth: depth + 1, using: &generator) }
            )
        default: .table(table(depth: depth + 1, using: &generator))
        }
    }

    /// Often the same few names, and every awkward scalar.
    private static func text(using generator: inout SplitMix) -> String {
        let scalars: [Unicode.Scalar] = [
            "a", "b", "\"", "\\", "\0", "\n", "\u{7f}", "\u{301}", "é", "\u{2028}", "\u{10ffff}",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            text.unicodeScalars.append(scalars[Int.random(in: 0..<scalars.count, using: &generator)])
        }
        return text
    }

    private static func bytes(using generator: inout SplitMix) -> [UInt8] {
        (0..<Int.random(in: 0...9, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
    }
}
