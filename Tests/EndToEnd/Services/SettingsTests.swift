import FlotillaTestSupport
import Foundation
import Testing

/// Settings that are wrong are told of before anything starts.
struct SettingsTests {
    /// Each with what is said of it.
    private static let wrong = [
        ("FLOTILLA_WEBHOOK_ALLOW_PRIVATE", "true", "FLOTILLA_WEBHOOK_ALLOW_PRIVATE: “true”"),
        ("FLOTILLA_CORE_URL", "http://core:3001", "FLOTILLA_CORE_SECRET is missing"),
        ("FLOTILLA_EMAIL_PROVIDERS", "foo", "FLOTILLA_EMAIL_PROVIDERS"),
        ("FLOTILLA_PUBLIC_URL", "nope", "FLOTILLA_PUBLIC_URL has to begin with"),
        ("FLOTILLA_TICKETS_URL", "nope", "FLOTILLA_TICKETS_URL has to begin with"),
        ("FLOTILLA_TICKETS_S3_URL", "https://s3.example.com/b", "FLOTILLA_TICKETS_S3_URL needs"),
        ("FLOTILLA_SCAN_FORGED_BURST", "0", "FLOTILLA_SCAN_FORGED_BURST has to be 1 or more"),
        ("FLOTILLA_QUEUES", "/nowhere/queues.yaml", "/nowhere/queues.yaml"),
    ]

    private func run(_ command: String, in folder: String) throws -> Program.Output {
        let environment = Dictionary(uniqueKeysWithValues: Self.wrong.map { ($0.0, $0.1) })
        return try Program.output(
            of: TestServers.programs.appending(path: "flotilla").path,
            [command],
            environment: try environment.merging(["FLOTILLA_HOME": folder, "PORT": "\(FreePort.find())"]) { $1 }
        )
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/flotilla-e2e-" + TestServers.uniqueWord()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func `up starts nothing with settings that its processes would end for, and names them all`() throws {
        try withFolder { folder in
            let refused = try run("up", in: folder)
            #expect(refused.status == 2)
            for (name, _, text) in Self.wrong { #expect(refused.messages.contains(text), "\(name)") }
            #expect(!FileManager.default.fileExists(atPath: folder + "/postgres"))
        }
    }

    @Test func `the doctor finds the same`() throws {
        try withFolder { folder in
            let found = try run("doctor", in: folder)
            #expect(found.status == 1)
            for (name, _, text) in Self.wrong {
                #expect(found.text.contains("✗ settings: ") && found.text.contains(text), "\(name)")
            }
        }
    }
}
