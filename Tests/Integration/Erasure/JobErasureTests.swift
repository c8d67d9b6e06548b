import FlotillaModels
import FlotillaPersonalData
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct JobErasureTests {
    @Test func `a job about the person is cancelled, unless its effect is committed`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let jobs = Jobs(database.pool)
            let payload = Array(#"{"to":"ann.lee@example.com"}"#.utf8)
            let ids = try await jobs.enqueue(
                Array(repeating: NewJob(type: "notification.email", payload: payload), count: 2)
            )
            .compactMap { if case .created(let job) = $0 { job.id } else { nil } }
            _ = try await database.pool.query(Jobs.start([ids[0]: 1, ids[1]: 1]))
            _ = try await database.pool.query(Jobs.claimEffects(of: [ids[1]]))
            var person = Person()
            person.add("ann.lee@example.com", .email)
            #expect(try await JobData.store(database.pool).erase(person, isDryRun: false).total == 2)
            let (waiting, done) = (try await jobs.get(ids[0]), try await jobs.get(ids[1]))
            #expect(waiting?.state == .cancelled && waiting?.finishedAt != nil)
            #expect(done?.state == .running && done?.finishedAt == nil)
            for job in [waiting, done] {
                let payload = String(decoding: job?.payload ?? [], as: UTF8.self)
                #expect(!payload.contains("ann.lee"))
            }
        }
    }
}
