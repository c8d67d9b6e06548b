import FlotillaModels
@testable import FlotillaNotifications
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

    @Test func `whoever has called with a token is forgotten as the job's caller, and so are the keys and digests`()
        async throws
    {
        try await TestDatabase.with(migrated: true) { database async throws in
            let pool = database.pool
            let statements = [
                """
                INSERT INTO jobs (id, type, state, payload, request_hash, created_by, created_by_ref) VALUES
                ('j-1', 'a.b', 'succeeded', '{}', '\\x00', 'token:https://as.example#z-1', 'token:https://as.example#z-1'),
                ('j-2', 'a.b', 'succeeded', '{}', '\\x00', 'introspected:https://as.example#zoe.l@example.com', NULL),
                ('j-3', 'a.b', 'succeeded', '{}', '\\x00', 'token:https://as.example#z-11', NULL),
                ('j-4', 'a.b', 'succeeded', '{}', '\\x00', 'key:z-1', NULL)
                """,
                """
                INSERT INTO notification_requests (id, template, data, idempotency_key) VALUES
                ('r-1', 'welcome', '{"mail":"zoe.l@example.com"}', NULL), ('r-2', 'welcome', '{"mail":"x"}', NULL)
                """,
                """
                INSERT INTO idempotency_keys (caller, idempotency_key, fingerprint, resource) VALUES
                ('token:https://as.example#z-1', 'k', '\\x00', 'j-1'), ('token:https://as.example#z-11', 'k', '\\x00', 'j-3'),
                ('key:1', 'k-1', '\\x00', 'r-1'), ('key:1', 'k-2', '\\x00', 'r-2')
                """,
            ]
            for statement in statements { _ = try await pool.query(SQLStatement(statement)) }
            var person = Person()
            person.add(DataSubject(kind: "user", id: "z-1"))
            person.add("zoe.l@example.com", .email)
            #expect(try await JobData.store(pool).erase(person, isDryRun: false).total == 2)
            let callers = try await pool.query(SQLStatement("SELECT created_by FROM jobs ORDER BY id")).map {
                $0.text(0)
            }
            #expect(
                callers == [
                    "token:https://as.example#forgotten", "introspected:https://as.example#forgotten",
                    "token:https://as.example#z-11", "key:z-1",
                ]
            )
            #expect(try await IdempotencyKeyData(pool).erase(person, isDryRun: false).total == 1)
            _ = try await NotificationData(pool).erase(person, isDryRun: false)
            let keys = try await pool.query(
                SQLStatement("SELECT resource, fingerprint IS NULL FROM idempotency_keys ORDER BY resource")
            )
            #expect(keys.map { $0.text(0) } == ["j-3", "r-1", "r-2"])
            #expect(keys.map { $0.bool(1) } == [false, true, false])
        }
    }
}
