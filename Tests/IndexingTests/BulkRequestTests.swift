@testable import FlotillaIndexing
import FlotillaModels
import Testing

struct BulkRequestTests {
    func document(_ id: String, body: String = "") throws -> SearchDocument {
        var record = ProfileRecord(id)
        let change = ProfileChange(profileID: id, fields: [.summary: .string(body)])
        record.apply(change, .validated, EventVersion(time: 1, messageID: "m"))
        return try #require(SearchDocument(record))
    }

    func makeRequest(_ changes: [IndexedChange]) -> BulkRequest? {
        BulkRequest.requests(changes, version: 7) { "i-\($0)" }.first
    }

    @Test func `each change is an action with its version, and lines end each of them`() throws {
        let changes = [
            IndexedChange(generation: 1, profileID: "a\"b", document: try document("a\"b")),
            IndexedChange(generation: 2, profileID: "c", document: nil),
        ]
        let lines = try #require(makeRequest(changes)).text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 4 && lines[3].isEmpty)
        #expect(
            lines[0]
                == #"{"index":{"_index":"i-1","_id":"a\"b","version":7,"version_type":"external","require_alias":true}}"#
        )
        #expect(lines[1].hasPrefix(#"{"profile_id":"a\"b""#))
        #expect(lines[2] == #"{"delete":{"_index":"i-2","_id":"c","version":7,"version_type":"external"}}"#)
    }

    @Test func `no request is longer than the engine likes, and none is lost`() throws {
        let text = String(repeating: "mot ", count: 35_000)
        let changes = try (0..<90).map {
            IndexedChange(generation: 1, profileID: "\($0)", document: try document("\($0)", body: text))
        }
        let requests = BulkRequest.requests(changes, version: 1) { "i-\($0)" }
        #expect(requests.count > 1 && requests.allSatisfy { $0.text.utf8.count <= 5 << 20 })
        #expect(requests.flatMap { $0.changes.map(\.profileID) } == changes.map(\.profileID))
    }

    @Test func `items are told apart`() throws {
        let changes = (0..<6).map { IndexedChange(generation: 1, profileID: "\($0)", document: nil) }
        let statuses = [200, 409, 404, 400, 429, 503]
        let items = statuses.map { status in
            let error = status == 404 || status == 200 ? "" : #","error":{"type":"t","reason":"why"}"#
            return #"{"delete":{"status":\#(status)\#(error)}}"#
        }
        let answer = try JSONValue(Array(#"{"errors":true,"items":[\#(items.joined(separator: ","))]}"#.utf8))
        let outcome = try #require(makeRequest(changes)).outcome(of: answer)
        #expect(outcome.refused.map(\.change.profileID) == ["3"])
        #expect(outcome.refused.first?.reason == "status 400 t: why" && outcome.busy != nil)
    }

    @Test func `a document without an index is not refused, and tells which index is gone`() throws {
        let changes = try (0..<3).map {
            IndexedChange(generation: Int64($0), profileID: "\($0)", document: $0 == 2 ? nil : try document("\($0)"))
        }
        let gone = #"{"index":{"status":404,"error":{"type":"index_not_found_exception","reason":"no such index"}}}"#
        let text = #"{"errors":true,"items":[{"index":{"status":201}},\#(gone),{"delete":{"status":404}}]}"#
        let request = try #require(makeRequest(changes))
        let outcome = try request.outcome(of: try JSONValue(Array(text.utf8)))
        #expect(outcome.vanished == [1] && outcome.refused.isEmpty && outcome.busy == nil)
        #expect(request.onlyRemovedFrom == [2])
    }

    @Test func `an answer that is no answer is an error`() throws {
        let request = try #require(makeRequest([IndexedChange(generation: 1, profileID: "a", document: nil)]))
        for answer in [JSONValue.null, .members([]), .members([.init(name: "items", value: .array([]))])] {
            #expect(throws: IndexError.self) { try request.outcome(of: answer) }
        }
    }
}

struct WebQueryTests {
    @Test(arguments: [
        ("a b", [["a", "b"]]), ("a or b c", [["a"], ["b", "c"]]),
        (#"x "a b" -y -"c d""#, [["x", "\"a b", "-y", "-\"c d"]]),
        ("or or", []), ("-", []), (#""unclosed a"#, [["\"unclosed a"]]), ("a-b", [["a-b"]]), (#"&| "" !"#, []),
        (#"a"b"c"#, [["a", "\"b", "c"]]),
    ])
    func `a query falls into alternatives of terms`(text: String, expected: [[String]]) {
        let terms = WebQuery(text).alternatives.map { alternative in
            alternative.map { ($0.isExcluded ? "-" : "") + ($0.isPhrase ? "\"" : "") + $0.text }
        }
        #expect(terms == expected)
    }
}
