@testable import FlotillaIndexing
import FlotillaModels
import FlotillaStorage
@testable import Workers

/// The indexing workers over a database, and what the tables say afterwards.
struct IndexingHarness: Sendable {
    let pool: PostgresPool
    private let harnesses: [String: HandlerHarness]

    init(_ pool: PostgresPool, _ store: any IndexStore = PostgresIndexStore()) {
        self.pool = pool
        func harness(_ worker: some BatchWorker, _ event: String) -> HandlerHarness {
            HandlerHarness(worker, queue: "search.\(event)", pool)
        }
        harnesses = [
            ProfileValidated.event: harness(IndexingWorker<ProfileValidated>(store), ProfileValidated.event),
            ProfileUpdated.event: harness(IndexingWorker<ProfileUpdated>(store), ProfileUpdated.event),
            ProfileRejected.event: harness(IndexingWorker<ProfileRejected>(store), ProfileRejected.event),
            UserDeleted.event: harness(UserDeletionWorker(store), UserDeleted.event),
        ]
    }

    /// Hands messages of one kind of event to its worker.
    @discardableResult
    func handle(_ inputs: [HandlerHarness.Input]) async -> [Result<Outcome, any Error>] {
        guard let event = inputs.first?.event, let harness = harnesses[event] else { return [] }
        return await harness.handle(inputs)
    }

    static func input(_ event: String, _ body: String, id: String? = nil) -> HandlerHarness.Input {
        HandlerHarness.Input(id: id ?? "\(event)-\(body.hashValue)", event: event, body: body)
    }

    /// A validated profile with some members of JSON.
    func add(_ id: String, _ members: String, at time: String = "2026-01-10T00:00:00Z") async {
        let body = #"{"profileId":"\#(id)","userId":"u-\#(id)","occurredAt":"\#(time)",\#(members)}"#
        let outcomes = await handle([Self.input(ProfileValidated.event, body)])
        if !outcomes.areDone { preconditionFailure("\(outcomes)") }
    }

    /// Everything that the active generation holds, as text, in the order of ids.
    func contents() async throws -> [String] {
        let active = "generation = (SELECT generation FROM search_generations WHERE state = 'active')"
        let statements = [
            """
            SELECT concat_ws('|', profile_id, user_ids, standing, event_at, personal, fields, versions)
            FROM search_records WHERE \(active) ORDER BY profile_id
            """,
            """
            SELECT concat_ws('|', profile_id, language, title, keywords, context, body, skills, sector, experience_years,
                score, event_at, vector) FROM search_profiles WHERE \(active) ORDER BY profile_id
            """,
            "SELECT user_id FROM search_deleted_users ORDER BY 1",
        ]
        return try await pool.pipeline(statements.map { SQLStatement($0) }).flatMap { $0.compactMap { $0.text(0) } }
    }

    func ids(_ query: ProfileQuery, limit: Int = 20) async throws -> [String] {
        try await PostgresSearch(pool).search(query, after: nil, limit: limit).profiles.map(\.profileID)
    }
}
