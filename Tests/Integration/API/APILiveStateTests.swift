import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APILiveStateTests {
    private let job = #"{"type":"audit.write","payload":{}}"#

    private func change(_ id: String, _ state: JobState, attempt: Int) -> JobStateChange {
        JobStateChange(
            jobID: id,
            attempt: attempt,
            state: state,
            progress: 40,
            progressMessage: "row 4 of 10",
            worker: "audit@host",
            at: WallClock.microseconds()
        )
    }

    @Test func `while a job runs its live state is shown, and at its end the record's`() async throws {
        guard let url = ProcessInfo.processInfo.environment["REDIS_URL"] else {
            throw TestSetupError(description: "REDIS_URL is not set; run make test, which starts the servers")
        }
        let redis = RedisClient(try RedisConfiguration(url: url), name: "test")
        let states = JobStates(redis, metrics: Metrics())
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool, states: states) { api in
                let id = try #require(try await api.call("POST", "/api/v1/jobs", job).data()["id"] as? String)
                await states.update(change(id, .running, attempt: 2))
                let running = try await api.call("GET", "/api/v1/jobs/\(id)").data()
                #expect(running["state"] as? String == "running")
                #expect(running["attempts"] as? Int == 2)
                #expect((running["progress"] as? [String: Any])?["percent"] as? Int == 40)
                #expect(running["worker"] as? String == "audit@host")
                // The record is committed first; what Redis says in between is older.
                _ = try await api.pool.query(Jobs.succeeded(id, attempts: 2, result: nil))
                #expect(try await api.call("GET", "/api/v1/jobs/\(id)").data()["state"] as? String == "succeeded")
            }
        }
        await redis.close()
    }

    @Test func `a state that says over, of a job that was requeued, is ignored`() async throws {
        guard let url = ProcessInfo.processInfo.environment["REDIS_URL"] else {
            throw TestSetupError(description: "REDIS_URL is not set; run make test, which starts the servers")
        }
        let redis = RedisClient(try RedisConfiguration(url: url), name: "test")
        let states = JobStates(redis, metrics: Metrics())
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool, states: states) { api in
                let id = try #require(try await api.call("POST", "/api/v1/jobs", job).data()["id"] as? String)
                await states.update(change(id, .dead, attempt: 1))
                #expect(try await api.call("GET", "/api/v1/jobs/\(id)").data()["state"] as? String == "queued")
            }
        }
        await redis.close()
    }

    @Test func `without Redis a job is shown as its record has it`() async throws {
        let redis = RedisClient(try RedisConfiguration(url: "redis://127.0.0.1:1"), name: "test")
        let states = JobStates(redis, metrics: Metrics())
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool, states: states) { api in
                let id = try #require(try await api.call("POST", "/api/v1/jobs", job).data()["id"] as? String)
                let shown = try await api.call("GET", "/api/v1/jobs/\(id)")
                #expect(shown.status == 200)
                #expect(try shown.data()["state"] as? String == "queued")
            }
        }
        await redis.close()
    }
}
