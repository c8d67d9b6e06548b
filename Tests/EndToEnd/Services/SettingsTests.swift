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
        ("FLOTILLA_QUEUES", "/nowhere/queues.yaml", "/nowhere/queues.yaml"),
    ]

    private func run(_ command: String, in folder: String) async throws -> Program.Output {
        let environment = Dictionary(uniqueKeysWithValues: Self.wrong.map { ($0.0, $0.1) })
        return try await Program.output(
            of: TestServers.programs.appending(path: "flotilla").path,
            [command],
            environment: try environment.merging(["FLOTILLA_HOME": folder, "PORT": "\(FreePort.find())"]) { $1 }
        )
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/flotilla-e2e-" + TestServers.uniqueWord()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test func `up starts nothing with settings that its processes would end for, and names them all`() async throws {
        try await withFolder { folder in
            let refused = try await run("up", in: folder)
            #expect(refused.status == 2)
            for (name, _, text) in Self.wrong { #expect(refused.messages.contains(text), "\(name)") }
            #expect(!FileManager.default.fileExists(atPath: folder + "/postgres"))
        }
    }

    @Test func `up without a queue file leaves nothing behind`() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let refused = try await Program.output(
                of: "/usr/bin/env",
                ["--chdir=\(folder)", TestServers.programs.appending(path: "flotilla").path, "up"],
                environment: ["PORT": "\(FreePort.find())", "PATH": "/usr/bin:/bin"]
            )
            #expect(refused.status == 2 && refused.messages.contains("there is no queues.yaml"), "\(refused.messages)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
    }

    @Test(arguments: [("audit.all", "it fills the audit log"), ("audit.al", "did you mean “audit.all”?")])
    func `a queue that can't be replayed is told why`(queue: String, text: String) async throws {
        try await withFolder { folder in
            let refused = try await Program.output(
                of: TestServers.programs.appending(path: "flotilla").path,
                ["topology", "replay", queue],
                environment: ["FLOTILLA_HOME": folder, "FLOTILLA_QUEUES": Repository.file("queues.yaml").path]
            )
            #expect(refused.status == 2 && refused.messages.contains(text), "\(refused.messages)")
        }
    }

    @Test func `the doctor finds the same`() async throws {
        try await withFolder { folder in
            let found = try await run("doctor", in: folder)
            #expect(found.status == 1)
            for (name, _, text) in Self.wrong {
                #expect(found.text.contains("✗ settings: ") && found.text.contains(text), "\(name)")
            }
        }
    }

    @Test(arguments: [
        ["doctor"], ["dlq", "list"], ["audit", "report", "--subject", "u-1"], ["audit", "verify"], ["webhook", "list"],
        ["ticket", "key", "list"], ["job", "list"], ["queue", "list"], ["topology", "plan"], ["publish", "a.b"],
    ])
    func `what only reads makes neither a home nor a key, and tells what to set`(_ words: [String]) async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let refused = try await Program.output(
                of: "/usr/bin/env",
                ["--chdir=\(folder)", TestServers.programs.appending(path: "flotilla").path] + words,
                environment: ["DATABASE_URL": "postgresql://localhost:1/x", "RABBITMQ_URL": "amqp://localhost:1"]
            )
            #expect(refused.status != 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
            let text = refused.text + refused.messages
            #expect(["FLOTILLA_QUEUES", "FLOTILLA_HOME", "services"].contains { text.contains($0) }, "\(text)")
        }
    }

    @Test(arguments: [
        ["doctor"], ["migrate"], ["dlq", "list"], ["dlq", "requeue", "1"], ["audit", "verify"], ["webhook", "list"],
        ["ticket", "key", "list"], ["job", "list"], ["queue", "list"], ["topology", "plan"], ["topology", "apply"],
        ["publish", "a.b"], ["key", "list"], ["enqueue", "audit.write"], ["index", "status"],
    ])
    func `what is said of servers that can't be reached is for people, and no text of the language's own`(
        _ words: [String]
    ) async throws {
        try await withFolder { folder in
            let refused = try await Program.output(
                of: TestServers.programs.appending(path: "flotilla").path,
                words,
                environment: [
                    "FLOTILLA_HOME": folder, "FLOTILLA_QUEUES": Repository.file("queues.yaml").path,
                    "DATABASE_URL": "postgresql://127.0.0.1:1/x", "RABBITMQ_URL": "amqp://127.0.0.1:1",
                    "REDIS_URL": "redis://127.0.0.1:1",
                    "FLOTILLA_MASTER_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
                ]
            )
            #expect(refused.status != 0)
            let text = refused.text + refused.messages
            #expect(!text.isEmpty)
            #expect(
                !text.contains(/\w\((code|operation|detail|domain|reason|message|rawValue): |Optional\(/),
                "\(text)"
            )
        }
    }
}
