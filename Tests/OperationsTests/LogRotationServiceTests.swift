@testable import FlotillaOperations
import FlotillaPlatform
import Foundation
import Testing

/// Logs that grow while their writers run.
struct LogRotationServiceTests {
    @Test(.timeLimit(.minutes(5)))
    func `the fleet's logs and the servers' are set aside as they grow, time and again`() async throws {
        let folder = "/tmp/flotilla-logs-" + UUID().uuidString.prefix(8)
        try PrivateFile.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let home = Home(path: folder)
        try home.prepare()
        let logs = ["worker", "rabbitmq"].map { "\(home.logs)/\($0).log" }
        let rotation = LogRotation(home, limit: 1_000) { Issue.record("\($0)") }
        let running = Task { await rotation.run() }
        for round in 1...2 {
            for log in logs {
                let writer = FileHandle(fileDescriptor: try PrivateFile.openLog(log), closeOnDealloc: true)
                try writer.write(contentsOf: Data(String(repeating: "\(round)", count: 2_000).utf8))
            }
            while logs.contains(where: { PrivateFile.read("\($0).1")?.first != Character("\(round)") }) {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        running.cancel()
        await running.value
        for log in logs {
            #expect(PrivateFile.read(log) == "")
            #expect(PrivateFile.read("\(log).2") == String(repeating: "1", count: 2_000))
        }
    }
}
