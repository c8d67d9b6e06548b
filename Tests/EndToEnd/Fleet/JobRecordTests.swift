import Foundation
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Testing

/// What `flotilla job get` says, after Redis has lost everything as well.
extension FleetTests {
    private struct JobRow: Decodable {
        let id: String
        let state: String
        let attempts: Int
        let maxAttempts: Int?
        let startedAt: String?
        let finishedAt: String?
    }

    private static let toNobody = #"""
        {"to":{"userId":"nobody-1"},"template":"message","data":{"title":"x","body":"y"}}
        """#

    private func enqueue(_ type: String, _ payload: String, _ options: [String] = [], in fleet: FleetFixture)
        async throws
        -> String
    {
        let output = try await fleet.home.run(
            ["enqueue", type, "--payload", payload, "--output", "json"] + options,
            environment: ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
        )
        guard output.status == 0 else { throw TestSetupError(description: output.messages) }
        return try #require(try JSONDecoder().decode([JobRow].self, from: Data(output.text.utf8)).first).id
    }

    private func job(_ id: String, in fleet: FleetFixture) async throws -> JobRow {
        let output = try await fleet.home.run("job", "get", id, "--output", "json")
        guard output.status == 0 else { throw TestSetupError(description: output.messages) }
        return try JSONDecoder().decode(JobRow.self, from: Data(output.text.utf8))
    }

    private func emptyRedis(_ fleet: FleetFixture) async throws {
        let redis = RedisClient(try RedisConfiguration(url: fleet.addresses["REDIS_URL"] ?? ""), name: "test")
        _ = try await redis.command(["FLUSHALL"])
        await redis.close()
    }

    private func state(_ id: String, in fleet: FleetFixture) async throws -> String? {
        try await fleet.pool.query(SQLStatement("SELECT state FROM jobs WHERE id = $1", [.text(id)])).first?.text(0)
    }

    /// How often a worker has logged the text about the message.
    private func lines(_ text: String, of id: String, in fleet: FleetFixture) -> Int {
        fleet.log().split(separator: "\n").count { $0.contains(text) && $0.contains(id) }
    }

    @Test(.timeLimit(.minutes(3)))
    func `a job with one attempt that fails is executed once and is dead`() async throws {
        let fleet = try await FleetFixture.current()
        try await fleet.withWorkers { _ in
            let id = try await enqueue("notification.email", Self.toNobody, ["--max-attempts", "1"], in: fleet)
            try await eventually("the job is dead") { try await state(id, in: fleet) == "dead" }
            try await eventually("its dead letter is filed") {
                try await fleet.count("SELECT count(*) FROM dead_letters WHERE job_id = $1", .text(id)) == 1
            }
            try await emptyRedis(fleet)
            let dead = try await job(id, in: fleet)
            #expect(dead.state == "dead" && dead.attempts == 1 && dead.maxAttempts == 1)
            #expect(dead.startedAt != nil && dead.finishedAt != nil)
            #expect(lines("will be tried again", of: id, in: fleet) == 0)
            #expect(lines("\"dead-lettered\"", of: id, in: fleet) == 1)
            let attempts = try await fleet.pool.query(
                SQLStatement("SELECT attempts FROM dead_letters WHERE job_id = $1", [.text(id)])
            )
            #expect(attempts.map { $0.int(0) } == [1])

            // Sent back, it has its one attempt again.
            let environment = ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
            try await fleet.home.succeed(
                "dlq",
                "requeue",
                "--queue",
                "notification.email",
                "--yes",
                environment: environment
            )
            try await eventually("it is dead once more") { lines("\"dead-lettered\"", of: id, in: fleet) == 2 }
            try await eventually("its end is on record") { try await state(id, in: fleet) == "dead" }
            #expect(try await job(id, in: fleet).attempts == 1)
            #expect(lines("will be tried again", of: id, in: fleet) == 0)
            try await eventually("its dead letter is filed again") {
                try await fleet.count("SELECT count(*) FROM dead_letters WHERE job_id = $1", .text(id)) == 2
            }
        }
        // Other tests of this home count dead letters.
        _ = try await fleet.pool.query(SQLStatement("DELETE FROM dead_letters WHERE queue = 'notification.email'"))
    }

    @Test(.timeLimit(.minutes(3)))
    func `jobs that are cancelled while workers take them have no effect, the others have it, and none dies`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let jobs = Jobs(fleet.pool, routing: fleet.topology.jobRouting)
        try await fleet.withWorkers(2) { _ in
            let new = NewJob(type: "audit.write", payload: Array(#"{"event":"user.created"}"#.utf8))
            let outcomes = try await jobs.enqueue(Array(repeating: new, count: 600))
            let ids = outcomes.compactMap { if case .created(let job) = $0 { job.id } else { nil } }
            var cancelled: [String] = []
            for id in ids.shuffled() where try await jobs.cancel(id) != nil { cancelled.append(id) }
            let all = SQLValue.textArray(ids)
            try await eventually("every job has ended") {
                try await fleet.count("SELECT count(*) FROM jobs WHERE id = ANY ($1) AND finished_at IS NULL", all) == 0
            }
            #expect(
                try await fleet.count("SELECT count(*) FROM jobs WHERE id = ANY ($1) AND state = 'cancelled'", all)
                    == cancelled.count
            )
            #expect(
                try await fleet.count(
                    "SELECT count(*) FROM audit_logs WHERE message_id = ANY ($1)",
                    .textArray(cancelled)
                ) == 0
            )
            #expect(
                try await fleet.count("SELECT count(*) FROM audit_logs WHERE message_id = ANY ($1)", all)
                    == ids.count - cancelled.count
            )
            #expect(!cancelled.isEmpty && cancelled.count < ids.count)
            #expect(try await fleet.count("SELECT count(*) FROM dead_letters WHERE job_id = ANY ($1)", all) == 0)
        }
        #expect(try await fleet.ready("audit.all") == 0)
        #expect(try await fleet.ready("dlq.audit.all") == 0)
    }

    @Test(.timeLimit(.minutes(3)))
    func `a record tells without Redis that a job waits for its second attempt, and when a job started`() async throws {
        let fleet = try await FleetFixture.current()
        try await fleet.withWorkers { _ in
            let options = ["--max-attempts", "2"]
            let failing = try await enqueue("notification.email", Self.toNobody, options, in: fleet)
            try await eventually("it waits for its second attempt") {
                try await state(failing, in: fleet) == "retrying"
            }
            let id = try await enqueue("audit.write", #"{"event":"user.created"}"#, in: fleet)
            try await eventually("the job is done") { try await state(id, in: fleet) == "succeeded" }
            try await emptyRedis(fleet)
            let done = try await job(id, in: fleet)
            #expect(done.state == "succeeded" && done.attempts == 1 && done.maxAttempts == nil)
            let (started, finished) = (try #require(done.startedAt), try #require(done.finishedAt))
            #expect(started <= finished)
            try await eventually("the other is dead") { try await state(failing, in: fleet) == "dead" }
            let dead = try await job(failing, in: fleet)
            #expect(dead.attempts == 2 && dead.maxAttempts == 2)
            #expect(lines("will be tried again", of: failing, in: fleet) == 1)
            try await eventually("its dead letter is filed") {
                try await fleet.count("SELECT count(*) FROM dead_letters WHERE job_id = $1", .text(failing)) == 1
            }
        }
        // Other tests of this home count dead letters.
        _ = try await fleet.pool.query(SQLStatement("DELETE FROM dead_letters WHERE queue = 'notification.email'"))
    }
}
