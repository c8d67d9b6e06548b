import FlotillaStorage
import FlotillaTestSupport
import Testing

/// Lists that take long.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct APIListTests {
    @Test func `lists that take long hold up no enqueue, and end with what to do`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            var settings = try PostgresConfiguration(url: database.url)
            settings.statementTimeout = .seconds(3)
            let lists = PostgresPool(settings, size: 2, name: "lists")
            try await APIFixture.with(database.pool, lists: lists) { api in
                try await database.pool.transaction { transaction in
                    _ = try await transaction.query(SQLStatement("LOCK TABLE generated_tickets"))
                    try await withThrowingTaskGroup(of: Response.self) { group in
                        for _ in 0..<8 { group.addTask { try await api.call("GET", "/api/v1/tickets") } }
                        try await eventually("both connections of lists are busy") { lists.waiting > 0 }
                        for _ in 0..<20 {
                            let job = #"{"type":"audit.write","payload":{}}"#
                            #expect(try await api.call("POST", "/api/v1/jobs", job).status == 202)
                        }
                        for try await response in group {
                            #expect(response.status == 503)
                            #expect(try response.code() == "took_too_long")
                            #expect(response.header("Retry-After") != nil)
                        }
                    }
                }
            }
            await lists.close()
        }
    }

    @Test func `a whole UUID is looked up as id and as correlation id`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let jobs = Jobs(database.pool)
            let correlationID = "0193AAAA-bbbb-7ccc-8ddd-eeeeeeeeeeee"
            guard case .created(let job) = try await jobs.enqueue(NewJob(type: "a.b", payload: [])),
                case .created(let other) = try await jobs.enqueue(
                    NewJob(type: "a.b", payload: [], correlationID: correlationID)
                )
            else { throw TestSetupError(description: "not enqueued") }
            #expect(try await jobs.list(JobFilter(text: job.id.uppercased(), limit: 9)).map(\.id) == [job.id])
            #expect(try await jobs.list(JobFilter(text: correlationID, limit: 9)).map(\.id) == [other.id])
            #expect(
                try await jobs.list(JobFilter(text: String(correlationID.prefix(8)), limit: 9)).map(\.id) == [other.id]
            )
        }
    }
}
