@testable import FlotillaHTTPRouting
import Testing

struct LineBodyTests {
    private static let name = Field.required("name", .string(), "A name.")
    private let body = LineBody([Self.name], limit: 1_000, lineCount: 3, lineLimit: 40)

    private func request(_ text: String, type: String = LineBody.mediaType) -> HTTPRequest {
        HTTPRequest(method: "POST", target: "/", headers: ["Content-Type": type], body: Array(text.utf8))
    }

    @Test func `lines end with LF or CR LF, blank ones count and are passed over`() throws {
        let lines = try body.lines(
            of: request("\u{feff}{\"name\":\"a\"}\r\n\n  \r\n{\"name\":\"b\"}\n{\"name\":\"c\"}")
        )
        #expect(lines.map(\.number) == [1, 4, 5])
        #expect(try lines.map { try body.read($0).required(Self.name) } == ["a", "b", "c"])
    }

    @Test func `a line with mistakes says so, and the others read`() throws {
        let lines = try body.lines(
            of: request("{\"name\":\"a\"\n{\"nam\":1}\n{\"name\":\"\(String(repeating: "x", count: 40))\"}")
        )
        var codes: [String] = []
        for line in lines {
            do throws(APIError) { _ = try body.read(line) } catch { codes.append("\(error.status) \(error.code)") }
        }
        #expect(codes == ["400 invalid_json", "422 validation_failed", "413 line_too_long"])
    }

    @Test func `one line more than there may be is 413, which names the limit`() throws {
        let error = #expect(throws: APIError.self) { try body.lines(of: request("{}\n{}\n\n{}\n{}\n")) }
        #expect(error?.status == 413)
        #expect(error?.message.contains("3 lines") == true)
        #expect(try body.lines(of: request("{}\n{}\n\n{}\n")).count == 3)
    }

    @Test(arguments: ["application/json", "text/plain", "application/x-ndjson; charset=latin1"])
    func `another type is 415`(type: String) {
        let error = #expect(throws: APIError.self) { try body.lines(of: request("{}", type: type)) }
        #expect(error?.status == 415)
    }

    @Test(arguments: ["application/x-ndjson", "application/ndjson; charset=utf-8", "application/jsonl"])
    func `the names that lines of JSON have are taken`(type: String) throws {
        #expect(try body.lines(of: request("{}", type: type)).count == 1)
    }

    @Test func `every hundred lines are a request`() {
        let body = LineBody([Self.name], limit: 1_000_000, lineCount: 10_000)
        func weight(_ lines: Int, _ end: String = "\n") -> Int {
            body.weight(of: Array(([String](repeating: "{}", count: lines).joined(separator: "\n") + end).utf8))
        }
        #expect(
            [weight(0), weight(1), weight(100), weight(100, ""), weight(101), weight(10_000)] == [1, 1, 1, 1, 2, 100]
        )
        #expect(body.weight(of: []) == 1)
    }
}
