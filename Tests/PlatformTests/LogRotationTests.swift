import FlotillaPlatform
import FlotillaTestSupport
import Foundation
import Testing

struct LogRotationTests {
    private static func with(_ body: (_ log: String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "logs-\(UUID().uuidString)").path
        try PrivateFile.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder + "/worker.log")
    }

    private static func text(_ path: String) -> String { PrivateFile.read(path) ?? "" }

    @Test func `a log that is too large is set aside under its writer, and no line is lost`() throws {
        try Self.with { log in
            let writer = FileHandle(fileDescriptor: try PrivateFile.openLog(log), closeOnDealloc: true)
            var all = ""
            for number in 0..<60 {
                let line = "line \(number)\n"
                all += line
                try writer.write(contentsOf: Data(line.utf8))
                _ = try PrivateFile.rotateLog(log, limit: 150)
            }
            let parts = [3, 2, 1].map { Self.text("\(log).\($0)") } + [Self.text(log)]
            #expect(parts.allSatisfy { !$0.isEmpty && $0.utf8.count <= 170 })
            #expect(all.hasSuffix(parts.joined()))
            #expect(!FileManager.default.fileExists(atPath: log + ".4"))
        }
    }

    @Test func `a small log stays, and one that is not there is no error`() throws {
        try Self.with { log in
            #expect(try !PrivateFile.rotateLog(log))
            try PrivateFile.write("few words\n", to: log)
            #expect(try !PrivateFile.rotateLog(log))
            #expect(Self.text(log) == "few words\n")
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible, "a file system can't be mounted"))
    func `on a full disk the older logs go, and nothing of the newest`() throws {
        let disk = try SmallDisk(kilobytes: 400)
        defer { disk.remove() }
        let log = disk.folder.path + "/worker.log"
        let text = (0..<18_000).map { "line \(100_000 + $0)\n" }.joined().prefix(180_000)
        try PrivateFile.write(String(text), to: log)
        try PrivateFile.write(String(repeating: "x", count: 180_000), to: log + ".1")
        #expect(try PrivateFile.rotateLog(log, limit: 1_000))
        #expect(Self.text(log + ".1") == text)
        #expect(Self.text(log) == "")
    }

    @Test(.enabled(if: SmallDisk.isPossible, "a file system can't be mounted"))
    func `a log for whose copy there is no room at all stays as it is`() throws {
        let disk = try SmallDisk(kilobytes: 300)
        defer { disk.remove() }
        let log = disk.folder.path + "/worker.log"
        let text = String(repeating: "line\n", count: 40_000)
        try PrivateFile.write(text, to: log)
        #expect(throws: SystemError.self) { try PrivateFile.rotateLog(log, limit: 1_000) }
        #expect(Self.text(log) == text)
        #expect(disk.files() == ["worker.log"])
    }

    @Test func `a link in the place of a log is not followed`() throws {
        try Self.with { log in
            try PrivateFile.write(String(repeating: "x", count: 100), to: log + ".target")
            try FileManager.default.createSymbolicLink(atPath: log, withDestinationPath: log + ".target")
            #expect(throws: SystemError.self) { try PrivateFile.rotateLog(log, limit: 10) }
            #expect(Self.text(log + ".target").count == 100)
        }
    }
}
