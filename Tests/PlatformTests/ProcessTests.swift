import FlotillaPlatform
import Foundation
import Glibc
import Testing

struct ProcessTests {
    private static func withFolder<R>(_ body: (String) async throws -> R) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try PrivateFile.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }

    private static func end(of process: CInt) async throws -> ProcessEnd {
        while true {
            if let end = ProcessEnd.reap(process) { return end }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test func `a process sees only the variables and descriptors it was given`() async throws {
        try await Self.withFolder { folder in
            let output = try PrivateFile.openLog(folder + "/output")
            defer { close(output) }
            var request = ProcessRequest("/bin/sh", ["-c", "/usr/bin/env; ls /proc/self/fd; pwd"])
            request.environment = ["A": "1 2"]
            request.directory = folder
            request.output = output
            #expect(try await Self.end(of: request.start()) == .exited(0))
            let lines = try #require(PrivateFile.read(folder + "/output")).split(separator: "\n")
            #expect(lines.contains("A=1 2"))
            #expect(!lines.contains { $0.hasPrefix("HOME=") })
            // ls has one more open: the folder it lists.
            #expect(lines.compactMap { Int($0) } == [0, 1, 2, 3])
            #expect(lines.last.map(String.init) == folder)
        }
    }

    @Test func `an end that somebody else has taken is an end all the same`() async throws {
        let child = try ProcessRequest("/bin/sh", ["-c", "exit 7"]).start()
        #expect(try await Self.end(of: child) == .exited(7))
        #expect(ProcessEnd.reap(child) == .unknown)
        #expect(ProcessEnd.reap(getppid()) == .unknown)
    }

    @Test func `a program that can't be executed is an error of the start`() {
        #expect(throws: SystemError.self) { try ProcessRequest("/nonexistent").start() }
        var request = ProcessRequest("/bin/true")
        request.directory = "/nonexistent"
        #expect(throws: SystemError.self) { try request.start() }
    }

    @Test func `an ended process tells its code or its signal`() async throws {
        #expect(try await Self.end(of: ProcessRequest("/bin/sh", ["-c", "exit 7"]).start()) == .exited(7))
        #expect(try await Self.end(of: ProcessRequest("/bin/sh", ["-c", "kill -9 $$"]).start()) == .signalled(9))
    }

    private static func canLock(_ path: String) throws -> Bool {
        if try FileLock.take(path) != nil { true } else { false }
    }

    @Test func `a lock lives as long as a process that inherited it, however that ends`() async throws {
        try await Self.withFolder { folder in
            let path = folder + "/lock"
            let child: CInt
            do {
                guard let lock = try FileLock.take(path) else {
                    Issue.record("the lock is held")
                    return
                }
                var request = ProcessRequest("/bin/sleep", ["600"])
                request.record = lock.descriptor
                child = try request.start()
            }
            #expect(FileLock.isHeld(path))
            try #expect(!Self.canLock(path))
            #expect(PrivateFile.read(path) == "\(child)\n")
            #expect(ProcessTable.processes(holding: path) == [child])
            kill(child, SIGKILL)
            #expect(try await Self.end(of: child) == .signalled(9))
            #expect(!FileLock.isHeld(path))
            try #expect(Self.canLock(path))
        }
    }

    @Test func `a written file is private, and replaced as a whole`() async throws {
        try await Self.withFolder { folder in
            try PrivateFile.write("one", to: folder + "/f")
            try PrivateFile.write("two", to: folder + "/f")
            #expect(PrivateFile.read(folder + "/f") == "two")
            let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/f")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["f"])
        }
    }
}
