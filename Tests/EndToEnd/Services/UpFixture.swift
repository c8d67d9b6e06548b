import FlotillaPlatform
import FlotillaTestSupport
import Foundation

/// A running `flotilla up` in a home of its own.
struct UpFixture: Sendable {
    let home: TestHome
    let port: UInt16
    private let process: WorkerProcess
    private let screen: String

    private static let queuesFile = Repository.file("queues.yaml").path

    /// What commands in this home need besides.
    var environment: [String: String] { ["FLOTILLA_QUEUES": Self.queuesFile, "PORT": "\(port)"] }

    /// Starts it, waits for its screen, and ends it and its servers, whatever became of `body`.
    static func with(in home: TestHome, _ body: (UpFixture) async throws -> Void) async throws {
        let up = try UpFixture(home)
        defer { try? FileManager.default.removeItem(atPath: up.screen) }
        let result: Result<Void, any Error>
        do {
            try await eventually("everything runs", within: .seconds(240)) {
                guard up.process.isRunning else { throw TestSetupError(description: "up has ended: \(up.text)") }
                return up.text.contains("Ctrl-C")
            }
            result = .success(try await body(up))
        } catch { result = .failure(error) }
        let status = try await up.process.stop()
        if status != 0 { throw TestSetupError(description: "up ended with \(status): \(up.text)") }
        try result.get()
    }

    private init(_ home: TestHome) throws {
        self.home = home
        port = try FreePort.find()
        screen = home.path + "-up.log"
        try? FileManager.default.removeItem(atPath: screen)
        // The servers of the test run are not for it.
        let servers = ["RABBITMQ_URL", "RABBITMQ_MANAGEMENT_URL", "DATABASE_URL", "REDIS_URL", "FLOTILLA_SERVERS_OF"]
        let nothing = Dictionary(uniqueKeysWithValues: servers.map { ($0, "") })
        process = try WorkerProcess(
            program: TestServers.programs.appending(path: "flotilla"),
            arguments: ["up"],
            environment: nothing.merging(["FLOTILLA_HOME": home.path, "FLOTILLA_QUEUES": Self.queuesFile]) { $1 }
                .merging(["PORT": "\(port)"]) { $1 },
            log: URL(filePath: screen)
        )
    }

    /// What it has shown so far.
    var text: String { (try? String(contentsOfFile: screen, encoding: .utf8)) ?? "" }

    /// The API key that it has shown.
    var key: String? {
        text.split(separator: "\n").first { $0.hasPrefix("flk_") }.map(String.init)
    }

    func run(_ arguments: String..., settings: [String: String] = [:]) async throws -> TestHome.Output {
        try await home.run(arguments, environment: environment.merging(settings) { $1 })
    }

    /// What the API shows of all processes.
    func metrics() async throws -> String {
        guard let key, let client = try? RawClient(port: port) else { return "" }
        client.send(
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r\nConnection: close\r\n\r\n"
        )
        return await client.response()?.body ?? ""
    }

    /// The process of this name, by its probe port or what it serves.
    func worker() -> CInt? {
        ProcessTable.all().first { process in
            let words = (try? Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline"))) ?? Data()
            let variables = (try? Data(contentsOf: URL(filePath: "/proc/\(process)/environ"))) ?? Data()
            return String(decoding: words, as: UTF8.self).contains("\0worker\0--probe-port\0")
                && String(decoding: variables, as: UTF8.self).contains("FLOTILLA_HOME=\(home.path)\0")
                && ProcessTable.isAlive(process)
        }
    }

    /// Waits until the worker's probe says so: the screen waits for half a minute only.
    func waitUntilWorkerIsReady() async throws {
        var found = "there is no worker"
        do {
            try await eventually("the worker is ready", within: .seconds(180), every: .milliseconds(100)) {
                guard let running = worker(), let port = probePort(of: running) else { return false }
                found = "process \(running) does not listen on \(port)"
                guard let client = try? RawClient(port: port) else { return false }
                client.send("GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                let response = await client.response()
                found = response.map { "\($0.status) \($0.body)" } ?? "no answer"
                return response?.status == 200
            }
        } catch {
            throw TestSetupError(description: "\(error); \(found); its log: \(log("worker").suffix(2_000))")
        }
    }

    private func probePort(of process: CInt) -> UInt16? {
        let line = (try? Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline"))) ?? Data()
        let words = String(decoding: line, as: UTF8.self).split(separator: "\0")
        guard let option = words.firstIndex(of: "--probe-port"), option + 1 < words.count else { return nil }
        return UInt16(words[option + 1])
    }

    func log(_ name: String) -> String {
        (try? String(contentsOfFile: "\(home.path)/logs/\(name).log", encoding: .utf8)) ?? ""
    }
}
