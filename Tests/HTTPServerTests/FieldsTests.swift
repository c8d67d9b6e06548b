@testable import FlotillaHTTPRouting
import Testing

struct FieldsTests {
    private static let name = Field.required("name", .string(length: 1...10), "")
    private static let size = Field.optional("size", .integer(1...5), "")
    private static let at = Field.optional("at", .timestamp, "")
    private static let data = Field.optional("data", .json, "")
    private let fields: Fields = [name, size, at, data]

    private func read(_ body: String) throws(APIError) -> FieldValues {
        try fields.read(body: HTTPRequest(method: "POST", target: "/", body: Array(body.utf8)))
    }

    private func problems(_ body: String) -> [String] {
        do throws(APIError) {
            _ = try read(body)
            return []
        } catch {
            return [String(error.status)] + error.details.map { "\($0.field) \($0.message)" }
        }
    }

    @Test func `declared values are read, and JSON is kept byte by byte`() throws {
        let values = try read(#" {"name":"a\u00e9\"","size":5,"at":"2026-01-31T09:30:00Z","data":{"b": 1.0, "a":[]}} "#)
        #expect(values.required(Self.name) == "aé\"")
        #expect(values[Self.size] == 5)
        #expect(values[Self.at]?.microseconds == 1_769_851_800_000_000)
        #expect(values[Self.data].map { String(decoding: $0, as: UTF8.self) } == #"{"b": 1.0, "a":[]}"#)
    }

    @Test func `an optional field may be null or absent`() throws {
        let values = try read(#"{"name":"a","size":null}"#)
        #expect(values[Self.size] == nil)
    }

    @Test(arguments: [
        ("9999-12-31T23:59:59.999Z", true), ("9999-12-31T23:59:59.9991Z", false),
        ("9999-12-31T23:59:59.999999999Z", false), ("9999-12-31T23:59:59-01:00", false),
        ("1970-01-01T00:00:00Z", true), ("1969-12-31T23:59:59Z", false),
    ])
    func `a time that RFC 3339 can't write is refused`(time: String, isTaken: Bool) {
        #expect(problems(#"{"name":"a","at":"\#(time)"}"#).isEmpty == isTaken)
    }

    @Test func `a UTF-8 byte order mark is skipped`() throws {
        #expect(try read("\u{feff}{\"name\":\"a\"}").required(Self.name) == "a")
        #expect(problems("\u{feff}\u{feff}{\"name\":\"a\"}") == ["400"])
    }

    @Test(
        arguments: [
            ("application/json", nil, 200), ("application/json; charset=utf-8", nil, 200),
            ("application/json;charset=\"UTF-8\"", nil, 200), ("application/json; charset=utf-16", nil, 415),
            ("application/json; version=1; charset=iso-8859-1", nil, 415), ("text/plain", nil, 415),
            ("application/json; charset=utf-8; charset=utf-16", nil, 415),
            ("application/json; charset=utf-8;\tCharset=utf-8", nil, 415),
            ("application/json", "identity", 200), ("application/json", "gzip", 415),
            ("application/json", "identity, br", 415),
        ] as [(String, String?, Int)]
    )
    func `another charset or coding than what is read is 415, with its name`(
        type: String,
        coding: String?,
        status: Int
    ) {
        var headers: HTTPHeaders = ["Content-Type": type]
        if let coding { headers.add("Content-Encoding", coding) }
        do throws(APIError) {
            let body = Array(#"{"name":"a"}"#.utf8)
            _ = try fields.read(body: HTTPRequest(method: "POST", target: "/", headers: headers, body: body))
            #expect(status == 200)
        } catch {
            #expect(error.status == status)
            if let coding { #expect(error.message.contains(coding.split(separator: " ").last ?? "")) }
        }
    }

    @Test func `every mistake is reported, unknown fields by their names`() {
        #expect(
            problems(#"{"size":6,"at":"yesterday","colour":1,"nam\u0065":7}"#) == [
                "422",
                "size has to be a whole number from 1 to 5",
                "at has to be an ISO 8601 time from 1970 to 9999, such as 2026-01-31T09:30:00Z",
                "colour is not known; there are name, size, at, data",
                "name has to be a string, not a number",
            ]
        )
        #expect(problems("{}") == ["422", "name is missing"])
        #expect(problems(#"{"name":null}"#) == ["422", "name has to be a string, not null"])
        #expect(problems(#"{"name":"a","name":"b"}"#) == ["422", "name is there twice"])
        #expect(problems(#"{"name":"12345678901"}"#) == ["422", "name has to be 1 to 10 bytes long"])
        #expect(problems(#"{"name":"a\u0000b"}"#) == ["422", "name has control characters"])
        #expect(problems(#"{"name":"\ud800"}"#) == ["422", "name has an escape that is not a character"])
        #expect(problems(#"{"name":"a","size":1.5}"#) == ["422", "size has to be a whole number from 1 to 5"])
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{'a':1}", "{\"name\":\"a\"} x", "{\"name\":NaN}", "\u{feff}",
        String(repeating: "[", count: 100_000), "{\"data\":" + String(repeating: "[", count: 100_000),
    ])
    func `what is not one JSON object is 400`(body: String) {
        #expect(problems(body) == ["400"])
    }

    @Test func `bytes that are not UTF-8 are 400`() {
        let request = HTTPRequest(method: "POST", target: "/", body: Array("{\"name\":\"".utf8) + [0xff, 0x22, 0x7d])
        #expect { try fields.read(body: request) } throws: { ($0 as? APIError)?.status == 400 }
    }

    @Test func `only JSON is taken for JSON`() {
        func status(_ type: String) -> Int? {
            let request = HTTPRequest(
                method: "POST",
                target: "/",
                headers: ["Content-Type": type],
                body: Array("{\"name\":\"a\"}".utf8)
            )
            do throws(APIError) {
                _ = try fields.read(body: request)
                return nil
            } catch {
                return error.status
            }
        }
        #expect(status("application/json; charset=utf-8") == nil)
        #expect(status("application/cloudevents+json") == nil)
        #expect(status("application/x-www-form-urlencoded") == 415)
        #expect(status("text/plain") == 415)
    }

    @Test func `a query is decoded, and checked like a body`() throws {
        let values = try fields.read(query: "name=a%20b+c&size=3")
        #expect(values.required(Self.name) == "a b c")
        #expect(values[Self.size] == 3)
        #expect { try fields.read(query: "name=%zz&size=9&other=1") } throws: { error in
            (error as? APIError)?.details.map(\.field) == ["name", "size", "other"]
        }
    }

    @Test(arguments: [
        ("profile.viewed", true), ("a", true), ("a-b_c.D9", true), ("", false), (".a", false), ("a.", false),
        ("a..b", false), ("a.*", false), ("a.#", false), ("a b", false), ("é", false),
        (String(repeating: "x", count: 256), false),
    ])
    func `a routing key is made of dotted words`(key: String, isValid: Bool) {
        #expect(((try? Rule.routingKey.readText(key)) != nil) == isValid)
    }
}
