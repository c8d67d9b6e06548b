import FlotillaPlatform
import Foundation
import Testing

struct GzipTests {
    @Test(arguments: [0, 1, 1_000, 1 << 20])
    func `what was packed is unpacked as it was`(size: Int) throws {
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let text = Array(String(repeating: "{\"state\":\"queued\"},", count: size / 19 + 1).utf8)
        for bytes in [noise, text] {
            let packed = try #require(Gzip.pack(bytes))
            #expect(try Inflation.unpack(packed, .gzip, upTo: bytes.count) == bytes)
        }
        #expect(try #require(Gzip.pack(text)).count < max(40, text.count / 20))
    }

    @Test func `zeros behind the data are padding, other bytes are not`() throws {
        let packed = try #require(Gzip.pack(Array("abc".utf8)))
        for zeros in [1, 511, 100_000] {
            let padded = packed + Array(repeating: 0, count: zeros)
            #expect(try Inflation.unpack(padded, .gzip, upTo: 3) == Array("abc".utf8))
        }
        #expect(try Inflation.unpack(packed + packed, .gzip, upTo: 6) == Array("abcabc".utf8))
        for garbage in [[0, 0, 7], [7, 7], Array("more".utf8)] as [[UInt8]] {
            #expect(throws: Inflation.Problem.broken) { try Inflation.unpack(packed + garbage, .gzip, upTo: 6) }
        }
    }

    @Test func `what is cut short anywhere is told from other data`() throws {
        let packed = try #require(Gzip.pack(Array("a text of some length, and more of it".utf8)))
        for length in 1..<packed.count {
            #expect(throws: Inflation.Problem.truncated) {
                try Inflation.unpack(Array(packed.prefix(length)), .gzip, upTo: 100)
            }
        }
        #expect(throws: Inflation.Problem.broken) { try Inflation.unpack(Array("{}".utf8), .gzip, upTo: 100) }
    }

    @Test func `other programs can unpack it`() throws {
        let text = String(repeating: "one line of many\n", count: 5_000)
        let file = FileManager.default.temporaryDirectory.appending(path: "gzip-\(UUID().uuidString).gz")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(try #require(Gzip.pack(Array(text.utf8)))).write(to: file)
        let program = Process()
        program.executableURL = URL(filePath: "/usr/bin/env")
        program.arguments = ["gzip", "-dc", file.path]
        let output = Pipe()
        program.standardOutput = output
        try program.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        program.waitUntilExit()
        #expect(program.terminationStatus == 0)
        #expect(String(decoding: data, as: UTF8.self) == text)
    }
}
