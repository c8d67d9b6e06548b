import Foundation
@testable import FlotillaTelemetry
import Testing

struct RepeatedLinesTests {
    private let start = ContinuousClock.now

    private func admits(
        _ lines: inout RepeatedLines,
        _ message: String,
        _ fields: KeyValuePairs<String, Log.Value> = [:],
        level: Log.Level = .warning,
        after seconds: Double = 0
    ) -> Bool {
        lines.admits(level, message, fields, at: start + .seconds(seconds))
    }

    @Test func `the first line is written, the rest of its window is one sum`() {
        var lines = RepeatedLines()
        let written = (0..<313).map { number in
            admits(&lines, "failed", ["queue": "a", "message_id": .string("\(number)")], after: Double(number) / 100)
        }
        #expect(written.count { $0 } == 1)
        #expect(written.first == true)
        #expect(lines.takeDue(at: start + .seconds(9)).isEmpty)
        let due = lines.takeDue(at: start + .seconds(10))
        #expect(due.map(\.count) == [312])
        #expect(due.first?.message == "failed")
        #expect(due.first?.fields.map(\.key) == ["queue"])
        #expect(lines.nextDue == nil)
        #expect(admits(&lines, "failed", ["queue": "a"], after: 11))
    }

    @Test func `lines of another queue, error or text are of another kind`() {
        var lines = RepeatedLines()
        #expect(admits(&lines, "failed", ["queue": "a", "error_type": "x"]))
        #expect(admits(&lines, "failed", ["queue": "b", "error_type": "x"]))
        #expect(admits(&lines, "failed", ["queue": "a", "error_type": "y"]))
        #expect(admits(&lines, "lost", ["queue": "a", "error_type": "x"]))
        #expect(admits(&lines, "failed", ["queue": "a", "error_type": "x"], level: .info))
        #expect(!admits(&lines, "failed", ["queue": "a", "error_type": "x", "error": "other words", "attempt": 2]))
    }

    @Test func `a warning of every connection is one, and news of each are told`() {
        var lines = RepeatedLines()
        let warnings = (0..<24).map { admits(&lines, "no connection", ["connection": .string("worker \($0 % 8)")]) }
        #expect(warnings.count { $0 } == 1)
        let news = (0..<8).map { admits(&lines, "connected", ["connection": .string("worker \($0)")], level: .info) }
        #expect(news.allSatisfy { $0 })
    }

    @Test func `numbers and flags tell news apart, and no warnings`() {
        var lines = RepeatedLines()
        let news = (0..<5).map { admits(&lines, "filed", ["count": .integer($0)], level: .info) }
        #expect(news.allSatisfy { $0 })
        #expect(!admits(&lines, "filed", ["count": 3], level: .info))
        #expect(admits(&lines, "filed", ["count": 3, "all": true], level: .info))
        #expect(admits(&lines, "filed", ["count": 3, "all": false], level: .info))
        let retries = (0..<5).map { attempt in
            admits(&lines, "will be tried again", ["attempt": .integer(attempt), "last": .boolean(attempt == 4)])
        }
        #expect(retries == [true, false, false, false, false])
        let ids = (0..<5).map { admits(&lines, "cancelled", ["job": .string("\($0)")], level: .info) }
        #expect(ids == [true, false, false, false, false])
    }

    @Test func `of errors the first ten are written`() {
        var lines = RepeatedLines()
        let written = (0..<20_000).map { _ in admits(&lines, "dead-lettered", ["queue": "a"], level: .error) }
        #expect(written.count { $0 } == 10)
        #expect(lines.takeDue(at: start, isEnding: true).map(\.count) == [19_990])
    }

    @Test func `kinds without end take no memory without end`() {
        var lines = RepeatedLines()
        for number in 0..<10_000 { _ = admits(&lines, "text \(number)") }
        #expect(admits(&lines, "one more"))
        for number in 0..<600 { _ = admits(&lines, "later \(number)", after: 20) }
        #expect(!admits(&lines, "later 3", after: 20))
    }

    @Test func `a storm of lines is a few in the log, and the sum comes by itself or at the end`() throws {
        let pipe = Pipe()
        let writer = LogWriter(pipe.fileHandleForWriting.fileDescriptor)
        let log = Log(service: "test", writer: writer)
        for number in 0..<1_000 { log.warning("a\u{202e}b", ["queue": "q", "message_id": .string("\(number)")]) }
        log.writeRepeats()
        writer.flush(within: .seconds(30))
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.contains(#""message":"a\u202eb","queue":"q","message_id":"0""#) == true)
        #expect(lines.last?.contains(#"(repeated 999 times in 10 s)","queue":"q","repeated":999}"#) == true)
    }
}
