import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

/// A home with real servers that tests may break, and a way to run the built `flotilla worker` on them.
final class FleetFixture: Sendable {
    /// The one home of the suite that runs now.
    @TaskLocal static var shared: FleetFixture?

    let home: TestHome
    /// How to reach the servers, by the names of the environment.
    let addresses: [String: String]
    let topology: Topology
    let pool: PostgresPool
    let admin: RabbitMQAdmin
    let publisher: any MessagePublisher

    static let queuesFile = Repository.file("queues.yaml").path

    var broker: RabbitMQBroker {
        get throws { RabbitMQBroker(try RabbitMQConfiguration(url: addresses["RABBITMQ_URL"] ?? "")) }
    }

    private init(_ home: TestHome, _ addresses: [String: String]) async throws {
        self.home = home
        self.addresses = addresses
        topology = try TopologyFile.load(from: Self.queuesFile)
        let rabbitMQ = try RabbitMQConfiguration(url: addresses["RABBITMQ_URL"] ?? "")
        let postgres = try PostgresConfiguration(url: addresses["DATABASE_URL"] ?? "")
        pool = PostgresPool(postgres, size: 2, name: "test")
        admin = try await RabbitMQAdmin.open(rabbitMQ)
        publisher = try await RabbitMQBroker(rabbitMQ).publisher(named: "test")
    }

    /// Starts the servers, makes tables and queues, hands the home to `body`, and leaves nothing of it.
    static func with(_ body: (FleetFixture) async throws -> Void) async throws {
        try await TestHome.with { home in
            try await home.succeed("services", "start")
            let text = try await home.run("services", "env", "--output", "json").text
            let addresses = try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
            try await home.succeed("migrate")
            try await home.succeed("topology", "apply", environment: ["FLOTILLA_QUEUES": queuesFile])
            let fleet = try await FleetFixture(home, addresses)
            let result: Result<Void, any Error>
            do { result = .success(try await body(fleet)) } catch { result = .failure(error) }
            await fleet.publisher.close()
            await fleet.admin.close()
            await fleet.pool.close()
            try result.get()
        }
    }

    /// The home of the suite, with all of its servers up whatever an earlier test did to them.
    static func current() async throws -> FleetFixture {
        guard let shared else { throw TestSetupError(description: "the suite has no home") }
        try await shared.home.succeed("services", "start")
        return shared
    }

    /// Starts `flotilla worker`; it serves its metrics.
    ///
    /// - Parameters:
    ///   - settings: further variables of its environment.
    ///   - options: further words of its command line.
    func worker(settings: [String: String] = [:], options: [String] = []) throws -> FleetWorker {
        let port = try FreePort.find()
        let environment = addresses.merging(["FLOTILLA_QUEUES": Self.queuesFile]) { $1 }.merging(settings) { $1 }
        let process = try WorkerProcess(
            program: TestServers.programs.appending(path: "flotilla"),
            arguments: ["worker", "--probe-port", "\(port)"] + options,
            environment: environment,
            log: URL(filePath: logPath)
        )
        return FleetWorker(process: process, port: port)
    }

    /// Runs workers while `body` does its part, and asks them to stop afterwards, whatever became of it.
    func withWorkers(
        _ count: Int = 1,
        settings: [String: String] = [:],
        _ body: ([FleetWorker]) async throws -> Void
    ) async throws {
        var workers: [FleetWorker] = []
        let result: Result<Void, any Error>
        do {
            for _ in 0..<count { workers.append(try worker(settings: settings)) }
            for worker in workers { try await worker.waitUntilReady() }
            result = .success(try await body(workers))
        } catch { result = .failure(error) }
        for worker in workers where worker.process.isRunning {
            let status = try await worker.process.stop()
            #expect(status == 0, "a worker ended with \(status)")
        }
        try result.get()
    }

    /// What the workers have said, one JSON object a line.
    var logPath: String { home.path + "/worker.log" }

    func log() -> String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }
}

/// A running `flotilla worker`.
struct FleetWorker: Sendable {
    let process: WorkerProcess
    let port: UInt16

    func waitUntilReady() async throws {
        try await eventually("the worker is ready", within: .seconds(60), every: .milliseconds(50)) {
            guard process.isRunning else { throw TestSetupError(description: "the worker has ended") }
            return await get("/health/ready")?.status == 200
        }
    }

    /// The sum of a metric over all its labels, or over those lines that contain `label`.
    func sum(of metric: String, where label: String = "") async throws -> Double {
        let answer = await get("/metrics")
        guard let response = answer, response.status == 200 else {
            let answered = answer.map { "\($0.status) \($0.body)" } ?? "nothing"
            let state = process.isRunning ? "runs" : "has ended"
            throw TestSetupError(description: "the worker, which \(state), answers /metrics with \(answered)")
        }
        return response.body.split(separator: "\n").reduce(0) { sum, line in
            guard line.hasPrefix(metric + "{") || line.hasPrefix(metric + " "), label.isEmpty || line.contains(label)
            else { return sum }
            return sum + (line.split(separator: " ").last.flatMap { Double($0) } ?? 0)
        }
    }

    /// What `/health/ready` answers now.
    func readiness() async -> Response? { await get("/health/ready") }

    /// A request that has no processor for seconds is closed as a slow one, so it is made again for a while.
    private func get(_ path: String) async -> Response? {
        let deadline = ContinuousClock.now + .seconds(20)
        while process.isRunning, !Task.isCancelled {
            if let client = try? RawClient(port: port) {
                client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if let response = await client.response() { return response }
            }
            guard ContinuousClock.now < deadline else { return nil }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }
}

/// Gives a suite one ``FleetFixture`` for all of its tests.
struct FleetFixtureTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await FleetFixture.with { home in
            try await FleetFixture.$shared.withValue(home) { try await function() }
        }
    }
}

extension Trait where Self == FleetFixtureTrait {
    static var ownFleetFixture: Self { Self() }
}

extension TestHome {
    /// Runs `flotilla`, which has to succeed.
    func succeed(_ arguments: String..., environment: [String: String] = [:]) async throws {
        let output = try await run(arguments, environment: environment)
        guard output.status == 0 else {
            let words = arguments.joined(separator: " ")
            throw TestSetupError(description: "flotilla \(words) ended with \(output.status): \(output.messages)")
        }
    }
}
