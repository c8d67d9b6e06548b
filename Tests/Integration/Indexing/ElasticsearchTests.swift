@testable import FlotillaAudit
@testable import FlotillaIndexing
import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform
import FlotillaTestSupport
@testable import Workers
import Foundation
import Testing

/// The index in a stand-in for Elasticsearch, which checks every request.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct ElasticsearchTests {
    private struct Fixture: Sendable {
        let database: TestDatabase
        let engine: StandIn
        let client: ElasticsearchClient
        let backend: SearchBackend
        let harness: IndexingHarness

        func search(_ query: ProfileQuery, after cursor: SearchCursor? = nil, limit: Int = 20) async throws
            -> SearchPage
        {
            try await backend.engine(database.pool).search(query, after: cursor, limit: limit)
        }

        func ids(_ query: ProfileQuery) async throws -> [String] {
            try await search(query).profiles.map(\.profileID).sorted()
        }

        /// What somebody with curl could do.
        func delete(_ index: String) async throws {
            #expect(try await client.send("DELETE", "/" + index).status == 200)
        }

        /// The documents of an index by id, as the engine holds them.
        func documents(_ index: String = "test-1") throws -> [String: [String: Any]] {
            let all = try JSONSerialization.jsonObject(with: Data((engine.text("documents") ?? "{}").utf8))
            return (all as? [String: [String: [String: Any]]])?[index] ?? [:]
        }
    }

    private func withFixture(_ body: (Fixture) async throws -> Void) async throws {
        let engine = try await StandIn("../Integration/Indexing/elasticsearch.py")
        let url = "http://127.0.0.1:\(engine.port)"
        let configuration = ElasticsearchConfiguration(url: url, apiKey: Secret("secret"), prefix: "test")
        let backend = SearchBackend.elasticsearch(configuration)
        let transfers = TransferEngine(name: "test", connectionsPerServer: 1)
        let client = ElasticsearchClient(configuration, HTTPClient(transfers))
        let result: Result<Void, any Error>
        do {
            try await TestDatabase.with(size: 6, migrated: true) { database async throws in
                let harness = IndexingHarness(database.pool, backend.store)
                try await body(
                    Fixture(database: database, engine: engine, client: client, backend: backend, harness: harness)
                )
            }
            result = .success(())
        } catch { result = .failure(error) }
        await backend.close()
        await transfers.close()
        #expect(engine.text("complaints") == nil)
        try result.get()
    }

    private static func validated(_ id: String, _ title: String = "Soudeur") -> HandlerHarness.Input {
        let body = #"{"profileId":"\#(id)","userId":"u-\#(id)","occurredAt":"2026-01-10","title":"\#(title)"}"#
        return IndexingHarness.input(ProfileValidated.event, body)
    }

    @Test func `a profile that leaves the state VALIDATED goes, and comes back, in any order of arrival`() async throws
    {
        let head = #""profileId":"p","userId":"u""#
        let events = [
            (ProfileValidated.event, #"{\#(head),"timestamp":1700000010,"title":"Soudeur"}"#),
            (ProfileUpdated.event, #"{\#(head),"timestamp":1700000020,"status":"IN_REVIEW"}"#),
            (ProfileUpdated.event, #"{\#(head),"timestamp":1700000030,"status":"VALIDATED"}"#),
        ].map { IndexingHarness.input($0, $1) }
        for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1], [0, 2, 1]] {
            try await withFixture { fixture async throws in
                var seen: Set<Int> = []
                for index in order {
                    #expect(await fixture.harness.handle([events[index]]).areDone)
                    seen.insert(index)
                    let isFound = seen.contains(0) && (!seen.contains(1) || seen.contains(2))
                    #expect(
                        try await fixture.ids(ProfileQuery(text: "soudeur")) == (isFound ? ["p"] : []),
                        "\(order) \(seen)"
                    )
                }
            }
        }
    }

    @Test func `documents are in the engine, and records with names in Postgres alone`() async throws {
        try await withFixture { fixture async throws in
            await fixture.harness.add(
                "p/1 é",
                #""firstName":"Zoé","title":"Zoé, soudeuse","skills":["TIG"],"score":4.5"#
            )
            #expect(try await fixture.database.count("SELECT count(*) FROM search_profiles") == 0)
            #expect(try await fixture.database.count("SELECT count(*) FROM search_records") == 1)
            let document = try #require(try fixture.documents()["p/1 é"])
            #expect(document["title"] as? String == "…, soudeur" && document["score"] as? Double == 4.5)
            let found = try await fixture.search(ProfileQuery(text: "soudeuse"))
            #expect(
                found.profiles.first?.profileID == "p/1 é" && found.profiles.first?.personal.contains("Zoé") == true
            )
            let status = try await IndexStatus.read(fixture.database.pool, fixture.backend.store)
            #expect(status.documents == 1)
        }
    }

    @Test func `500 profiles whose events come 10,000 times in any order leave the documents that they leave in order`()
        async throws
    {
        let histories = ProfileHistories(profiles: 500, events: 15)
        #expect(histories.shuffled.reduce(0) { $0 + $1.count } == 10_000)
        try await withFixture { ordered async throws in
            for batch in histories.inOrder { #expect(await ordered.harness.handle(batch).areDone) }
            let expected = try JSONSerialization.data(withJSONObject: ordered.documents(), options: .sortedKeys)
            try await withFixture { shuffled async throws in
                await withTaskGroup(of: Void.self) { group in
                    for (number, batch) in histories.shuffled.enumerated() {
                        if number >= 6 { await group.next() }
                        group.addTask { #expect(await shuffled.harness.handle(batch).areDone) }
                    }
                }
                let documents = try JSONSerialization.data(withJSONObject: shuffled.documents(), options: .sortedKeys)
                #expect(documents == expected)
            }
        }
    }

    @Test func `a rejection and a departure take documents out`() async throws {
        try await withFixture { fixture async throws in
            #expect(
                await fixture.harness.handle([Self.validated("1"), Self.validated("2"), Self.validated("3")]).areDone
            )
            let rejected = IndexingHarness.input(ProfileRejected.event, #"{"profileId":"1","occurredAt":"2026-02-01"}"#)
            #expect(await fixture.harness.handle([rejected]).areDone)
            #expect(
                await fixture.harness.handle([IndexingHarness.input(UserDeleted.event, #"{"userId":"u-2"}"#)]).areDone
            )
            #expect(try fixture.documents().keys.sorted() == ["3"])
        }
    }

    @Test func `a document that the engine refuses is dead-lettered alone`() async throws {
        try await withFixture { fixture async throws in
            try fixture.engine.answer(#"{"items":{"3":400}}"#)
            let outcomes = await fixture.harness.handle((0..<8).map { Self.validated("\($0)") })
            #expect(outcomes.indices.filter { !outcomes[$0].isDone } == [3])
            let error = #expect(throws: PermanentError.self) { try outcomes[3].get() }
            #expect(error?.type == "index_refused" && error?.message.contains("as told") == true)
            #expect(try fixture.documents().count == 7)
            #expect(try await fixture.database.count("SELECT count(*) FROM search_records") == 7)
        }
    }

    @Test(arguments: [
        #"{"items":{"3":429}}"#, #"{"items":{"3":503}}"#, #"{"status":503}"#, #"{"status":429}"#, #"{"status":401}"#,
    ])
    func `an engine that is busy is an outage for all, and what it took meanwhile does no harm`(answer: String)
        async throws
    {
        try await withFixture { fixture async throws in
            #expect(await fixture.harness.handle([Self.validated("0")]).areDone)
            try fixture.engine.answer(answer)
            let inputs = (0..<8).map { Self.validated("\($0)") }
            let bulks = fixture.engine.count("bulks")
            let outcomes = await fixture.harness.handle(
                inputs.map { input in
                    var input = input
                    input.id += "-again"
                    return input
                }
            )
            for outcome in outcomes { #expect(throws: DependencyOutage.self) { try outcome.get() } }
            #expect(fixture.engine.count("bulks") <= bulks + 1)
            #expect(await fixture.backend.probes[.search]?() == answer.contains("items"))
            try fixture.engine.answer(nil)
            #expect(await fixture.harness.handle(inputs).areDone)
            #expect(try await fixture.ids(ProfileQuery(text: "soudeur")).count == 8)
        }
    }

    @Test func `an engine that is away is an outage, and a search says so`() async throws {
        try await withFixture { fixture async throws in
            #expect(await fixture.harness.handle([Self.validated("0")]).areDone)
            try await fixture.engine.stop()
            let outcome = await fixture.harness.handle([Self.validated("1")])
            #expect(throws: DependencyOutage.self) { try outcome[0].get() }
            let error = await #expect(throws: IndexError.self) { try await fixture.search(ProfileQuery()) }
            #expect(error?.code == .unavailable)
            #expect(try await fixture.database.count("SELECT count(*) FROM search_records") == 1)
        }
    }

    @Test func `an index that somebody deletes is made again with its mapping, and no message is lost or spent`()
        async throws
    {
        try await withFixture { fixture async throws in
            #expect(await fixture.harness.handle([Self.validated("1"), Self.validated("2")]).areDone)
            try await fixture.delete("test-1")
            #expect(await fixture.harness.handle((3..<6).map { Self.validated("\($0)") }).areDone)
            #expect(try fixture.documents().keys.sorted() == ["3", "4", "5"])
            #expect(try await fixture.ids(ProfileQuery(text: "soudeur")) == ["3", "4", "5"])
            let lacking = try await IndexStatus.read(fixture.database.pool, fixture.backend.store)
            #expect(lacking.documents == 3 && lacking.validated == 5)
            _ = try await IndexRebuild(
                fixture.database.pool,
                fixture.backend.store,
                privacy: try AuditWorkerTests.privacy(fixture.database.pool)
            ).run()
            #expect(try await fixture.ids(ProfileQuery(text: "soudeur")) == ["1", "2", "3", "4", "5"])
            let whole = try await IndexStatus.read(fixture.database.pool, fixture.backend.store)
            #expect(whole.documents == 5 && whole.validated == 5)
        }
    }

    @Test func `removals from an index that somebody deletes make none without a mapping`() async throws {
        try await withFixture { fixture async throws in
            #expect(await fixture.harness.handle([Self.validated("1"), Self.validated("2")]).areDone)
            try await fixture.delete("test-1")
            let rejected = IndexingHarness.input(ProfileRejected.event, #"{"profileId":"1","occurredAt":"2026-02-01"}"#)
            #expect(await fixture.harness.handle([rejected]).areDone)
            try await fixture.delete("test-1")
            #expect(
                await fixture.harness.handle([IndexingHarness.input(UserDeleted.event, #"{"userId":"u-2"}"#)]).areDone
            )
            #expect(await fixture.harness.handle([Self.validated("3")]).areDone)
            #expect(try fixture.documents().keys.sorted() == ["3"])
        }
    }

    @Test func `an index from before aliases gets one`() async throws {
        try await withFixture { fixture async throws in
            let made = ElasticsearchDocument.index(alias: "other")
            #expect(try await fixture.client.send("PUT", "/test-1", made).status == 200)
            #expect(await fixture.harness.handle([Self.validated("1")]).areDone)
            #expect(try fixture.documents().keys.sorted() == ["1"])
        }
    }

    @Test func `a search of an index that is not there says so`() async throws {
        try await withFixture { fixture async throws in
            let error = await #expect(throws: IndexError.self) { try await fixture.search(ProfileQuery()) }
            #expect(error?.code == .unavailable && error?.detail.contains("index_not_found") == true)
        }
    }

    @Test func `a search that the engine refuses is told from one that it can't answer now`() async throws {
        try await withFixture { fixture async throws in
            for (answer, code) in [(400, IndexError.Code.refused), (503, .unavailable)] {
                try fixture.engine.answer("{\"status\":\(answer)}")
                let error = await #expect(throws: IndexError.self) { try await fixture.search(ProfileQuery(text: "x")) }
                #expect(error?.code == code)
            }
        }
    }

    @Test func `a version that is there already is no failure`() async throws {
        try await withFixture { fixture async throws in
            await fixture.harness.add("p", #""title":"Neuf""#)
            let old = IndexedChange(generation: 1, profileID: "p", document: nil)
            #expect(try await fixture.backend.store.write([old], version: 1).isEmpty)
            #expect(try fixture.documents().count == 1)
        }
    }

    @Test func `words, phrases, alternatives, exclusions, filters and counts mean what they mean in Postgres`()
        async throws
    {
        try await withFixture { fixture async throws in
            let profiles = [
                (
                    "swift",
                    #""title":"Développeuse Swift","skills":["Swift","PostgreSQL"],"sector":"Santé","experience":7,"score":4.5"#
                ),
                (
                    "java",
                    #""title":"Développeur Java","skills":["Java","Swift"],"sector":"Banque","experience":12,"score":3,"language":"en""#
                ),
                ("chef", #""title":"Chef de projet","skills":["Scrum","C++"],"sector":"Banque","experience":3"#),
            ]
            let postgres = IndexingHarness(fixture.database.pool)
            for (id, fields) in profiles {
                await fixture.harness.add(id, fields)
                await postgres.add(id, fields, at: "2026-01-11T00:00:00Z")
            }
            let queries = [
                ProfileQuery(), ProfileQuery(text: "developpeur"), ProfileQuery(text: #""chef de projet""#),
                ProfileQuery(text: #""projet chef""#), ProfileQuery(text: "java or scrum"),
                ProfileQuery(text: "swift -java"),
                ProfileQuery(text: "chef de"), ProfileQuery(text: "c++"), ProfileQuery(text: "&|!"),
                ProfileQuery(text: "postgersql"),
                ProfileQuery(skills: ["swift"]), ProfileQuery(skills: ["swift", "java"]),
                ProfileQuery(sector: "banque"),
                ProfileQuery(experience: .init(lowest: 3, highest: 7)),
                ProfileQuery(score: .init(lowest: nil, highest: 4)),
            ]
            for query in queries {
                let here = try await fixture.search(query)
                let there = try await PostgresSearch(fixture.database.pool).search(query, after: nil, limit: 20)
                #expect(Set(here.profiles.map(\.profileID)) == Set(there.profiles.map(\.profileID)), "\(query)")
                #expect(here.match == there.match && here.overview?.total == there.overview?.total, "\(query)")
                #expect(
                    here.overview?.skills == there.overview?.skills && here.overview?.sectors == there.overview?.sectors
                )
                #expect(Set(here.overview?.experience ?? []) == Set(there.overview?.experience ?? []))
                #expect(here.overview?.averageScore == there.overview?.averageScore)
            }
        }
    }

    @Test func `signs of every kind are no mistake`() async throws {
        try await withFixture { fixture async throws in
            await fixture.harness.add("p", #""title":"Soudeur""#)
            for text in PostgresSearchTests.signs { _ = try await fixture.ids(ProfileQuery(text: text)) }
        }
    }

    @Test(arguments: ProfileQuery.Sort.allCases)
    func `pages give every profile once, in order`(sort: ProfileQuery.Sort) async throws {
        try await withFixture { fixture async throws in
            let inputs = (0..<40).map { number in
                let fields = number.isMultiple(of: 5) ? "" : #","score":\#(number % 3),"experience":\#(number % 4)"#
                let body =
                    #"{"profileId":"p\#(number)","timestamp":\#(1_700_000_000_123 + number / 2),"title":"Soudeur"\#(fields)}"#
                return IndexingHarness.input(ProfileValidated.event, body)
            }
            #expect(await fixture.harness.handle(inputs).areDone)
            let query = ProfileQuery(text: "soudeur", sort: sort)
            let all = try await fixture.search(query, limit: 40).profiles.map(\.profileID)
            var seen: [String] = []
            var cursor: SearchCursor?
            repeat {
                let page = try await fixture.search(query, after: cursor, limit: 7)
                seen += page.profiles.map(\.profileID)
                cursor = page.nextCursor.flatMap { SearchCursor($0, of: query) }
            } while cursor != nil
            #expect(all.count == 40 && seen == all)
        }
    }

    @Test func `a rebuild fills a new index, switches, and takes the old one away`() async throws {
        try await withFixture { fixture async throws in
            let privacy = try AuditWorkerTests.privacy(fixture.database.pool)
            let audit = HandlerHarness(AuditWorker(privacy: privacy), queue: "audit.all", fixture.database.pool)
            let inputs = (0..<30).map { Self.validated("\($0)") }
            #expect(await fixture.harness.handle(inputs).areDone)
            #expect(await audit.handle(inputs).areDone)
            let report = try await IndexRebuild(
                fixture.database.pool,
                fixture.backend.store,
                privacy: try AuditWorkerTests.privacy(fixture.database.pool),
                pageSize: 7
            ).run()
            #expect(report.generation == 2 && report.events == 30 && report.documents == 30 && report.carried == 0)
            #expect(try fixture.documents("test-1").isEmpty && fixture.documents("test-2").count == 30)
            #expect(try await fixture.ids(ProfileQuery(text: "soudeur")).count == 20)
        }
    }

    @Test func `a document that the engine refuses does not stop a rebuild`() async throws {
        try await withFixture { fixture async throws in
            let privacy = try AuditWorkerTests.privacy(fixture.database.pool)
            let audit = HandlerHarness(AuditWorker(privacy: privacy), queue: "audit.all", fixture.database.pool)
            #expect(await audit.handle((0..<30).map { Self.validated("\($0)") }).areDone)
            try fixture.engine.answer(#"{"items":{"11":400}}"#)
            let report = try await IndexRebuild(
                fixture.database.pool,
                fixture.backend.store,
                privacy: try AuditWorkerTests.privacy(fixture.database.pool)
            ).run()
            #expect(report.unreadable == 1 && report.documents == 29)
        }
    }

    @Test func `a rebuild without the engine leaves everything as it was`() async throws {
        try await withFixture { fixture async throws in
            #expect(await fixture.harness.handle([Self.validated("1")]).areDone)
            try fixture.engine.answer(#"{"status":503}"#)
            await #expect(throws: DependencyOutage.self) {
                try await IndexRebuild(
                    fixture.database.pool,
                    fixture.backend.store,
                    privacy: try AuditWorkerTests.privacy(fixture.database.pool)
                ).run()
            }
            try fixture.engine.answer(nil)
            #expect(try await fixture.ids(ProfileQuery(text: "soudeur")) == ["1"])
            #expect(try await fixture.database.count("SELECT count(*) FROM search_generations") == 1)
        }
    }
}
