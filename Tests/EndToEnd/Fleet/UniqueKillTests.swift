import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

/// Where each client is: the number that it has not had an answer for.
private final class UniqueProgress: Sendable {
    private let numbers: Mutex<[Int]>

    init(clients: Int) { numbers = Mutex([Int](repeating: 0, count: clients)) }

    var all: [Int] { numbers.withLock { $0 } }

    func advance(_ client: Int) { numbers.withLock { $0[client] += 1 } }
}

extension FleetTests {
    /// How many different jobs are asked for, each by all clients; 200,000 enqueues in all for docs/06-performance.md.
    private static let uniqueJobs =
        ProcessInfo.processInfo.environment["FLOTILLA_UNIQUE_JOBS"].flatMap { Int($0) } ?? 400
    private static let uniqueClients = 4

    @Test(.timeLimit(.minutes(20)))
    func
        `of unique jobs that several ask for there is one each, and it runs once, although API and workers are killed`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let key = try await fleet.home.run("key", "create", word, "--scopes", "admin").text
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let progress = UniqueProgress(clients: Self.uniqueClients)
        let kills = 5
        for round in 1...kills + 1 {
            let port = try FreePort.find()
            let environment = fleet.addresses.merging(["FLOTILLA_QUEUES": FleetFixture.queuesFile]) { $1 }
            let program = TestServers.programs.appending(path: "flotilla")
            let api = try WorkerProcess(
                program: program,
                arguments: ["api", "--port", "\(port)"],
                environment: environment,
                log: URL(filePath: fleet.home.path + "/api.log")
            )
            let workers = try WorkerProcess(
                program: program,
                arguments: ["worker", "--only", "audit"],
                environment: environment,
                log: URL(filePath: fleet.home.path + "/unique-worker.log")
            )
            try await eventually("the API listens", within: .seconds(60)) { (try? RawClient(port: port)) != nil }
            let enough = round > kills ? Self.uniqueJobs : Self.uniqueJobs * round / (kills + 1)
            await withTaskGroup { group in
                for client in 0..<Self.uniqueClients {
                    group.addTask {
                        guard let connection = try? RawClient(port: port) else { return }
                        while true {
                            let number = progress.all[client]
                            guard number < Self.uniqueJobs else { return }
                            let body =
                                #"{"type":"audit.write","payload":{"event":"unique.\#(word)","entityId":"\#(number)"},"#
                                + #""unique":{"fields":["event","entityId"],"period":"1h"}}"#
                            connection.send(
                                "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nX-API-Key: \(key)\r\n"
                                    + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                            )
                            guard let response = await connection.response() else { return }
                            if response.status == 202 { progress.advance(client) }
                        }
                    }
                }
                group.addTask {
                    try? await eventually("enough are asked for", within: .seconds(600), every: .milliseconds(2)) {
                        (progress.all.max() ?? 0) >= enough
                    }
                    guard round <= kills else { return }
                    workers.send(SIGKILL)
                    api.send(SIGKILL)
                }
            }
            if round > kills {
                workers.send(SIGTERM)
                api.send(SIGTERM)
            }
            _ = try await workers.waitForEnd()
            _ = try await api.waitForEnd()
        }
        #expect(progress.all == [Int](repeating: Self.uniqueJobs, count: Self.uniqueClients))
        let jobs = "FROM jobs WHERE type = 'audit.write' AND convert_from(payload, 'UTF8') LIKE '%unique.' || $1 || '%'"
        #expect(try await fleet.count("SELECT count(*) \(jobs)", .text(word)) == Self.uniqueJobs)
        try await fleet.withWorkers { _ in
            try await eventually("every job ends", within: .seconds(300)) {
                try await fleet.count("SELECT count(*) \(jobs) AND state = 'succeeded'", .text(word)) == Self.uniqueJobs
            }
        }
        let rows = "FROM audit_logs WHERE body LIKE '%\"unique.' || $1 || '\"%'"
        #expect(try await fleet.count("SELECT count(*) \(rows)", .text(word)) == Self.uniqueJobs)
    }
}
