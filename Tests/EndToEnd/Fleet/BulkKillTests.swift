import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

extension FleetTests {
    @Test(.timeLimit(.minutes(5)))
    func `an API that is killed in the middle of many jobs, and asked again, stores each job once`() async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let key = try await fleet.home.run("key", "create", word, "--scopes", "admin").text
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let body = (1...8_000).map {
            #"{"type":"audit.write","payload":{"n":\#($0)},"correlationId":"\#(word)"}"# + "\n"
        }.joined()
        let request =
            "POST /api/v1/jobs/batch HTTP/1.1\r\nHost: x\r\nX-API-Key: \(key)\r\nIdempotency-Key: \(word)\r\n"
            + "Content-Type: application/x-ndjson\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        func stored() async throws -> Int {
            try await fleet.count("SELECT count(*) FROM jobs WHERE correlation_id = $1", .text(word))
        }
        var answer: Response?
        var isCutOff = false
        for round in 0..<2 {
            let port = try FreePort.find()
            let process = try WorkerProcess(
                program: TestServers.programs.appending(path: "flotilla"),
                arguments: ["api", "--port", "\(port)"],
                environment: fleet.addresses.merging(["FLOTILLA_QUEUES": FleetFixture.queuesFile]) { $1 },
                log: URL(filePath: fleet.home.path + "/api.log")
            )
            try await eventually("the API listens", within: .seconds(60)) { (try? RawClient(port: port)) != nil }
            let client = try RawClient(port: port)
            client.send(request)
            if round == 0 {
                try await eventually("some are stored", every: .milliseconds(1)) { try await stored() > 0 }
                process.send(SIGKILL)
                #expect(try await process.waitForEnd() == -SIGKILL)
                isCutOff = await client.response() == nil
            } else {
                answer = await client.response()
                process.send(SIGTERM)
                _ = try await process.waitForEnd()
            }
        }
        #expect(isCutOff)
        let lines = try #require(answer).body.split(separator: "\n")
        #expect(lines.count == 8_000)
        #expect(lines.allSatisfy { $0.contains("\"status\":202") })
        #expect(lines.contains { $0.contains("\"replayed\":true") })
        #expect(try await stored() == 8_000)
        let different = try await fleet.count(
            "SELECT count(DISTINCT payload) FROM jobs WHERE correlation_id = $1",
            .text(word)
        )
        #expect(different == 8_000)
    }
}
