import FlotillaPlatform
import FlotillaTestSupport
@testable import FlotillaWebhooks
import Foundation
import Testing

/// What docs/webhooks.md gives to receivers, against what we send.
@Suite(.enabled(if: StandIn.isAvailable))
struct WebhookReceiverTests {
    private static let page = Repository.file("docs/webhooks.md")

    /// Runs the page's Python with a call of its own below; gives what it prints.
    private func answer(_ secret: WebhookSecret, _ headers: [String: String], _ body: String) throws -> String {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let start = try #require(text.firstRange(of: "```python\n"))
        let end = try #require(text[start.upperBound...].firstRange(of: "```"))
        let given = String(decoding: try JSONEncoder().encode(headers), as: UTF8.self)
        let script = """
            \(text[start.upperBound..<end.lowerBound])
            import json, sys
            print(is_genuine(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3].encode()))
            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", script, secret.revealed, given, body]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: said, as: UTF8.self).filter { !$0.isWhitespace }
    }

    @Test func `the Python of the documentation takes what we sign, by either secret, and nothing else`() throws {
        let (new, old) = (WebhookSecret.generate(), WebhookSecret.generate())
        let body = #"{"é":"🎟"}"#
        func headers(_ seconds: Int64) -> [String: String] {
            let signed = WebhookSignature.headers(
                id: "msg_1",
                seconds: seconds,
                body: Array(body.utf8),
                secrets: [new, old]
            )
            return Dictionary(uniqueKeysWithValues: signed.map { ($0.name, $0.value) })
        }
        let now = WallClock.microseconds() / 1_000_000
        #expect(try answer(new, headers(now), body) == "True")
        #expect(try answer(old, headers(now), body) == "True")
        #expect(try answer(.generate(), headers(now), body) == "False")
        #expect(try answer(new, headers(now), body + " ") == "False")
        #expect(try answer(new, headers(now - 3_600), body) == "False")
    }
}
