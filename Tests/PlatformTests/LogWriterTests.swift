@testable import FlotillaTelemetry
import Foundation
import Glibc
import Testing

/// Lines whose reader is slow, stopped or gone. Those of the level `debug` are written however often they come.
@Suite(.timeLimit(.minutes(5)))
struct LogWriterTests {
    private let ends: (read: CInt, write: CInt)

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        var made: [CInt] = [0, 0]
        try #require(pipe(&made) == 0)
        ends = (made[0], made[1])
    }

    private func text(until end: String) -> String {
        var text = ""
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while !text.contains(end) {
            let count = read(ends.read, &chunk, chunk.count)
            guard count > 0 else { break }
            text += String(decoding: chunk[..<count], as: UTF8.self)
        }
        return text
    }

    @Test func `a reader that stops keeps nobody waiting; lines are dropped, counted and reported`() throws {
        let writer = LogWriter(ends.write, capacity: 100_000)
        let log = Log(service: "test", threshold: .debug, writer: writer)
        let start = ContinuousClock.now
        for number in 0..<5_000 { log.debug("line", ["number": .integer(number)]) }
        #expect(.now - start < .seconds(20), "a caller has waited for the reader")
        #expect(writer.dropped.value > 1_000)
        var text = ""
        var (kept, reported): ([Int], Int) = ([], 0)
        while kept.count + reported < 5_000 {
            text += self.text(until: "\n")
            guard text.hasSuffix("\n") else { continue }
            (kept, reported) = ([], 0)
            for line in text.split(separator: "\n") {
                let number = line.split(separator: ":").last.flatMap { Int($0.dropLast()) } ?? -1
                if line.contains("log lines were dropped") { reported += number } else { kept.append(number) }
            }
        }
        #expect(kept.count + reported == 5_000)
        #expect(reported == writer.dropped.value)
        #expect(kept == kept.sorted() && Set(kept).count == kept.count)
        close(ends.read)
        close(ends.write)
    }

    @Test func `a line that is longer than the pipe arrives whole`() throws {
        let writer = LogWriter(ends.write)
        Log(service: "test", writer: writer).info("long", ["text": .string(String(repeating: "x", count: 300_000))])
        let line = text(until: "}\n")
        #expect(line.utf8.count > 300_000)
        #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
        writer.flush(within: .seconds(10))
        #expect(writer.dropped.value == 0)
    }

    @Test func `where repeats are wanted each line is written, else the first`() {
        for (isWanted, count) in [(true, 20), (false, 1)] {
            let log = Log(service: "test", writer: LogWriter(ends.write), writesRepeats: isWanted)
            for _ in 0..<20 { log.warning("again") }
            log.error("end")
            #expect(text(until: "\"end\"}\n").split(separator: "\n").count == count + 1)
        }
    }

    @Test func `a descriptor that does not block loses nothing while it is full`() throws {
        _ = fcntl(ends.write, F_SETFL, O_NONBLOCK)
        let writer = LogWriter(ends.write)
        let log = Log(service: "test", threshold: .debug, writer: writer)
        for number in 0..<3_000 { log.debug("line", ["number": .integer(number)]) }
        log.info("end")
        #expect(text(until: "\"end\"}\n").split(separator: "\n").count == 3_001)
        #expect(writer.dropped.value == 0)
    }

    @Test func `a reader that has left ends nobody, and its lines are counted`() throws {
        close(ends.read)
        let writer = LogWriter(ends.write)
        let log = Log(service: "test", writer: writer)
        for _ in 0..<10 { log.error("nobody reads") }
        writer.flush(within: .seconds(10))
        #expect(writer.dropped.value >= 10)
    }

    @Test func `the number of dropped lines is among the metrics of every process`() {
        #expect(Metrics().render().contains("\nflotilla_log_lines_dropped_total 0\n"))
    }
}
