import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

/// The ids of the jobs that were answered with 202.
private final class AcceptedJobs: Sendable {
    private let all = Mutex<Set<String>>([])

    var ids: Set<String> { all.withLock { $0 } }

    func add(_ id: String) { _ = all.withLock { $0.insert(id) } }
}

extension FleetTests {
    @Test(.timeLimit(.minutes(10)))
    func `an API that is killed again and again while jobs are enqueued loses none that it has accepted`() async throws
    {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let accepted = AcceptedJobs()
        let key = try await fleet.home.run("key", "create", word, "--scopes", "admin").text
            .trimmingCharacters(in: .whitespacesAndNewlines)
        for round in 1...6 {
            let port = try FreePort.find()
            let process = try WorkerProcess(
                program: TestServers.programs.appending(path: "flotilla"),
                arguments: ["api", "--port", "\(port)"],
                environment: fleet.addresses.merging(["FLOTILLA_QUEUES": FleetFixture.queuesFile]) { $1 },
                log: URL(filePath: fleet.home.path + "/api.log")
            )
            try await eventually("the API listens", within: .seconds(60)) { (try? RawClient(port: port)) != nil }
            let enough = round * 150
            await withTaskGroup { group in
                for number in 0..<8 {
                    group.addTask {
                        guard let client = try? RawClient(port: port) else { return }
                        // Until the connection breaks.
                        var count = 0
                        while true {
                            let body =
                                #"{"type":"audit.write","payload":{"n":"\#(word)-\#(round)-\#(number)-\#(count)"}}"#
                            client.send(
                                "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nX-API-Key: \(key)\r\n"
                                    + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                            )
                            guard let response = await client.response() else { return }
                            if response.status == 202, let id = Self.id(in: response.body) {
                                accepted.add(id)
                            }
                            count += 1
                        }
                    }
                }
                group.addTask {
                    try? await eventually("enough are accepted", within: .seconds(60), every: .milliseconds(1)) {
                        accepted.ids.count >= enough
                    }
                    process.send(SIGKILL)
                }
            }
            #expect(try await process.waitForEnd() == -SIGKILL)
        }
        let ids = accepted.ids
        #expect(ids.count >= 900)
        let kept = try await fleet.count("SELECT count(*) FROM jobs WHERE id = ANY ($1)", .textArray(Array(ids)))
        #expect(kept == ids.count)
        // Each has its message as well.
        try await fleet.withWorkers { _ in
            try await eventually("every job ends", within: .seconds(120)) {
                try await fleet.count(
                    "SELECT count(*) FROM jobs WHERE id = ANY ($1) AND state = 'succeeded'",
                    .textArray(Array(ids))
                ) == ids.count
            }
        }
    }

    private static func id(in body: String) -> String? {
        let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        return (object?["data"] as? [String: Any])?["id"] as? String
    }
}
