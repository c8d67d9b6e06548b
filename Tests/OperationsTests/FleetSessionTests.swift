import FlotillaCommandLineKit
@testable import FlotillaOperations
import FlotillaPlatform
import Foundation
import Synchronization
import Testing

/// The supervisor with a shell script in the place of the program.
struct FleetSessionTests {
    private struct Fixture {
        let folder: String
        let session: FleetSession
        let lines: Lines

        func content(_ name: String) -> String { PrivateFile.read("\(folder)/\(name)") ?? "" }

        func pids() -> [CInt] { content("pids").split(separator: "\n").compactMap { CInt($0) } }
    }

    private final class Lines: Sendable {
        private let all = Mutex("")
        var text: String { all.withLock { $0 } }
        func add(_ line: String) { all.withLock { $0 += line } }
    }

    private static func with(
        _ script: String,
        drain: String = "5s",
        _ body: (Fixture) async throws -> Void
    ) async throws {
        let folder = "/tmp/flotilla-session-" + UUID().uuidString.prefix(8)
        try PrivateFile.makeFolder(folder, mode: 0o755)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try PrivateFile.write("#!/bin/sh\ncd \(folder)\n\(script)\n", to: folder + "/program", mode: 0o700)
        let environment = [
            "FLOTILLA_HOME": folder + "/home", "RABBITMQ_URL": "amqp://localhost", "REDIS_URL": "redis://localhost",
            "DATABASE_URL": "postgresql:///x", "FLOTILLA_DRAIN_TIMEOUT": drain, "PATH": "/usr/bin:/bin",
        ]
        let configuration = try Configuration(environment: environment, currentFolder: folder, settings: [])
        try configuration.home.prepare()
        var plan = FleetSession.Plan()
        plan.steps = [.init("Tables", ["migrate"])]
        plan.firstTime = .init("Key", ["key", "create"])
        plan.processes = [("worker", ["worker"])]
        let lines = Lines()
        let session = FleetSession(
            plan,
            configuration: configuration,
            environment: environment,
            program: folder + "/program",
            console: Console { text, _ in lines.add(text) }
        )
        try await body(Fixture(folder: folder, session: session, lines: lines))
    }

    private func until(_ what: String, _ condition: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while await !condition() {
            try #require(ContinuousClock.now < deadline, "\(what)")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test func `steps run first, a process that dies is started again, and the end leaves none`() async throws {
        let script = """
            case $1 in
            migrate) echo migrated >> log ;;
            key) echo "key is 42"; echo key >> log ;;
            worker) echo $$ >> pids; trap 'echo drained >> log; exit 0' TERM; while :; do sleep 0.05; done ;;
            esac
            """
        try await Self.with(script) { fixture in
            try await fixture.session.begin()
            #expect(fixture.content("log") == "migrated\nkey\n")
            #expect(fixture.lines.text.contains("key is 42"))
            let watch = Task { try await fixture.session.watch() }
            try await until("the worker runs") { fixture.pids().count == 1 }
            kill(fixture.pids()[0], SIGKILL)
            try await until("it is started again") { fixture.pids().count == 2 }
            #expect(fixture.lines.text.contains("worker ended (signal 9)"))
            watch.cancel()
            _ = await watch.result
            await fixture.session.end()
            #expect(fixture.content("log") == "migrated\nkey\ndrained\n")
            #expect(fixture.pids().allSatisfy { !ProcessTable.isAlive($0) })
        }
    }

    @Test func `while it watches, the children of others are left to them`() async throws {
        try await Self.with("[ $1 = worker ] || exit 0; exec sleep 600") { fixture in
            try await fixture.session.begin()
            let watch = Task { try await fixture.session.watch() }
            let child = try ProcessRequest("/bin/sh", ["-c", "exit 7"]).start()
            // Several rounds of what the session does every quarter of a second.
            try await Task.sleep(for: .milliseconds(1_500))
            #expect(ProcessEnd.reap(child) == .exited(7))
            watch.cancel()
            _ = await watch.result
            await fixture.session.end()
        }
    }

    @Test func `while it watches, the logs of the home are rotated`() async throws {
        try await Self.with("[ $1 = worker ] && exec sleep 600") { fixture in
            let log = fixture.session.home.logs + "/rabbitmq.log"
            try PrivateFile.write(String(repeating: "x", count: PrivateFile.logLimit + 1), to: log)
            let watch = Task { try await fixture.session.watch() }
            try await until("it is set aside") { FileManager.default.fileExists(atPath: log + ".1") }
            watch.cancel()
            _ = await watch.result
            await fixture.session.end()
        }
    }

    @Test func `what happens once per home happens once`() async throws {
        try await Self.with("[ $1 = worker ] && exec sleep 600; echo $1 >> log") { fixture in
            for _ in 0..<2 {
                try await fixture.session.begin()
                await fixture.session.end()
            }
            #expect(fixture.content("log") == "migrate\nkey\nmigrate\n")
        }
    }

    @Test func `a step that fails stops the start and is quoted`() async throws {
        try await Self.with("echo the table is locked >&2; exit 1") { fixture in
            let error = await #expect(throws: CommandError.self) { try await fixture.session.begin() }
            #expect(error?.message == "Tables did not work (exit status 1): the table is locked")
            await fixture.session.end()
        }
    }

    @Test func `a process that does not drain in time is killed`() async throws {
        let script = "[ $1 = worker ] || exit 0; trap '' TERM; echo $$ >> pids; while :; do sleep 0.05; done"
        try await Self.with(script, drain: "0s") { fixture in
            try await fixture.session.begin()
            try await until("the worker runs") { fixture.pids().count == 1 }
            let ended = Task { await fixture.session.end() }
            await fixture.session.abortDrain()
            await ended.value
            #expect(fixture.pids().allSatisfy { !ProcessTable.isAlive($0) })
        }
    }

    @Test func `a step that is partly done is a warning with its words, and the start goes on`() async throws {
        let script = """
            case $1 in
            migrate) echo "extra  queue  a.old"; echo "Warning: 1 object is not in the file" >&2; exit 3 ;;
            worker) exec sleep 600 ;;
            esac
            """
        try await Self.with(script) { fixture in
            try await fixture.session.begin()
            #expect(fixture.lines.text.contains("Warning: 1 object is not in the file"))
            #expect(fixture.lines.text.contains("extra  queue  a.old"))
            await fixture.session.end()
        }
    }
}
