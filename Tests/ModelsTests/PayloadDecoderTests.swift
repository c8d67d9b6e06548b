import FlotillaModels
import Testing

struct PayloadDecoderTests {
    struct Order: Decodable, Equatable {
        struct Ticket: Decodable, Equatable { let guest_name: String }
        let company_id: String
        let tickets: [Ticket]
        var count: Int?
        var limits: [String: Int]?
    }

    func problem(_ body: String) -> String? { problem(Array(body.utf8)) }

    func problem(_ body: [UInt8]) -> String? {
        do {
            _ = try PayloadDecoder.decode(Order.self, from: body)
            return nil
        } catch { return error.description }
    }

    @Test func `a body that fits is decoded, whatever else it holds`() throws {
        let body = #" {"company_id":"été \u00e9","tickets":[{"guest_name":"A","x":[{},[]]}],"more":{"a":[1,-2.5e3]}} "#
        let order = try PayloadDecoder.decode(Order.self, from: Array(body.utf8))
        #expect(order == Order(company_id: "été é", tickets: [.init(guest_name: "A")]))
    }

    @Test(arguments: [
        (#"{"tickets":[]}"#, "company_id: missing"),
        (
            #"{"company_id":"a","tickets":[{"guest_name":7}]}"#,
            "tickets.0.guest_name: expected a string, found a number"
        ),
        (#"{"company_id":null,"tickets":[]}"#, "company_id: expected a string, found null"),
        (#"{"company_id":"a","tickets":{}}"#, "tickets: expected an array, found an object"),
        (#"{"company_id":"a","tickets":["b"]}"#, "tickets.0: expected an object, found a string"),
        (#"{"company_id":"a","tickets":[],"count":true}"#, "count: expected an integer, found true or false"),
        (#"{"company_id":"a","tickets":[],"limits":{"x":"1"}}"#, "limits.x: expected an integer, found a string"),
        (#"[1]"#, "expected an object, found an array"),
        (#""text""#, "expected an object, found a string"),
        ("", "expected JSON, found an empty body"),
        (#"{"a":1,}"#, "not JSON: expected a name in quotes, found '}' at byte 7"),
        (#"{"a":1"#, "not JSON: expected ',' or '}', found the end at byte 6"),
        (#"{"a":1} x"#, "not JSON: expected the end of the body, found 'x' at byte 8"),
        (#"{"a":"b"#, "not JSON: expected a closing quote, found the end at byte 7"),
    ])
    func `a refusal names the field and what was expected`(body: String, expected: String) {
        #expect(problem(body) == expected)
    }

    @Test(arguments: [
        "01", "1.", ".5", "+1", "1e", "-", "tru", "nul", "NaN", "[1 2]", "[1,]", "{1:2}", "{\"a\" 1}", "\"\\x\"",
        "\"\\u12g4\"",
        "\"\t\"", "]", "{]", "[}", "", "  ", "[", "\u{feff}{}", "\u{0}", "{}\u{0}",
    ])
    func `what the grammar forbids is refused`(body: String) {
        #expect(throws: InvalidPayload.self) { try PayloadDecoder.decode(RawJSON.self, from: Array(body.utf8)) }
    }

    @Test(arguments: [
        "0", "-0.5E+7", "null", "\"\\u00e9\\n\"", "[]", " { } ", "[[],{\"\":[{}]}]", "[1,2 , 3]", "\"é€😀\"",
    ])
    func `what the grammar allows is taken, and kept to the byte`(body: String) throws {
        #expect(try PayloadDecoder.decode(RawJSON.self, from: Array(body.utf8)).bytes == Array(body.utf8))
    }

    @Test func `nesting is taken to 128 levels and refused beyond, at any depth`() throws {
        func nested(_ levels: Int) -> [UInt8] {
            Array(
                (String(repeating: "[{\"a\":", count: levels / 2) + "1" + String(repeating: "}]", count: levels / 2))
                    .utf8
            )
        }
        _ = try PayloadDecoder.decode(RawJSON.self, from: nested(128))
        #expect(problem(nested(130)) == "expected at most 128 levels of nesting, found more")
        #expect(problem(nested(100_000)) == "expected at most 128 levels of nesting, found more")
    }

    @Test(arguments: [[0x22, 0xff, 0x22], [0x22, 0xc0, 0xaf, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]] as [[UInt8]])
    func `bytes that are not UTF-8 are refused`(body: [UInt8]) {
        #expect(problem(body) == "expected UTF-8, found other bytes")
    }

    @Test func `a payload's own refusal is passed on unchanged`() {
        struct Picky: Decodable {
            init(from decoder: any Decoder) throws { throw InvalidPayload(field: "age", problem: "expected less") }
        }
        #expect(throws: InvalidPayload(field: "age", problem: "expected less")) {
            try PayloadDecoder.decode(Picky.self, from: Array("{}".utf8))
        }
    }
}
