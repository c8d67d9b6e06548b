@testable import FlotillaIndexing
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct IndexingWorkerTests {
    private func withHarness(_ body: (IndexingHarness, TestDatabase) async throws -> Void) async throws {
        try await TestDatabase.with(size: 8, migrated: true) { database in
            try await body(IndexingHarness(database.pool), database)
        }
    }

    @Test func `a name is nowhere in the table that is searched`() async throws {
        try await withHarness { harness, database async throws in
            await harness.add("p", #""firstName":"Zoé","email":"zoe@x.fr","title":"Dev","summary":"Zoé, zoe@x.fr""#)
            let personal = try await database.pool.query(SQLStatement("SELECT personal FROM search_records"))
            #expect(personal.first?.text(0) == #"{"firstName":"Zoé","email":"zoe@x.fr"}"#)
            let found = try await database.pool.query(SQLStatement("SELECT p::text FROM search_profiles AS p"))
            #expect(found.first?.text(0)?.contains("dev") == true)
            #expect(found.first?.text(0)?.contains("zoe") == false)
        }
    }

    @Test func `500 profiles whose events come 10,000 times in any order equal those built in order`() async throws {
        let histories = ProfileHistories(profiles: 500, events: 15)
        #expect(histories.shuffled.reduce(0) { $0 + $1.count } == 10_000)
        try await withHarness { ordered, _ async throws in
            for batch in histories.inOrder { #expect(await ordered.handle(batch).areDone) }
            let expected = try await ordered.contents()
            #expect(expected.count > 600)
            try await withHarness { shuffled, _ async throws in
                await withTaskGroup(of: Void.self) { group in
                    for (number, batch) in histories.shuffled.enumerated() {
                        if number >= 8 { await group.next() }
                        group.addTask { #expect(await shuffled.handle(batch).areDone) }
                    }
                }
                #expect(try await shuffled.contents() == expected)
            }
        }
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
            try await withHarness { harness, _ async throws in
                var seen: Set<Int> = []
                for index in order {
                    #expect(await harness.handle([events[index]]).areDone)
                    seen.insert(index)
                    let isFound = seen.contains(0) && (!seen.contains(1) || seen.contains(2))
                    #expect(
                        try await harness.ids(ProfileQuery(text: "soudeur")) == (isFound ? ["p"] : []),
                        "\(order) \(seen)"
                    )
                }
            }
        }
    }

    @Test func `what a profile is called in the year 9999 wins against no later event`() async throws {
        try await withHarness { harness, _ async throws in
            for event in Self.fromTheFuture { #expect(await harness.handle([event]).areDone) }
            #expect(try await harness.ids(ProfileQuery(text: "soudeur")) == ["p"])
            #expect(try await harness.ids(ProfileQuery(text: "forgeron")) == [])
        }
    }

    /// A blacksmith, dated far ahead, who is a welder by a later event.
    static var fromTheFuture: [HandlerHarness.Input] {
        let later = WallClock.iso8601(WallClock.microseconds() + 60_000_000)
        return [
            (ProfileValidated.event, #""occurredAt":"2026-01-10T00:00:00Z","title":"Apprenti""#),
            (ProfileUpdated.event, #""occurredAt":"9999-12-31T23:59:59Z","title":"Forgeron""#),
            (ProfileUpdated.event, #""occurredAt":"\#(later)","title":"Soudeur""#),
        ].map { IndexingHarness.input($0, #"{"profileId":"p","userId":"u",\#($1)}"#) }
    }

    @Test func `one new profile in many batches at once is one record with all of their fields`() async throws {
        try await withHarness { harness, database async throws in
            let names = ["title", "summary", "sector", "location", "score", "experienceYears"]
            await withTaskGroup { group in
                for name in names {
                    group.addTask {
                        let body = #"{"profileId":"p","timestamp":1,"\#(name)":"1"}"#
                        #expect(await harness.handle([IndexingHarness.input(ProfileUpdated.event, body)]).areDone)
                    }
                }
            }
            let fields = try await database.pool.query(SQLStatement("SELECT fields FROM search_records")).first?.text(0)
            for name in names { #expect(fields?.contains(#""\#(name)":"#) == true) }
        }
    }

    @Test func `a person who leaves takes their profiles along, those included that arrive later or meanwhile`()
        async throws
    {
        try await withHarness { harness, database async throws in
            await harness.add("1", #""firstName":"Zoé","title":"a""#)
            await harness.add("2", #""title":"b""#)
            await withTaskGroup { group in
                group.addTask {
                    let input = IndexingHarness.input(UserDeleted.event, #"{"userId":"u-1"}"#)
                    #expect(await harness.handle([input]).areDone)
                }
                for number in 0..<20 {
                    group.addTask {
                        let body = #"{"profileId":"x\#(number)","candidateId":"u-1","firstName":"Zoé","title":"c"}"#
                        #expect(await harness.handle([IndexingHarness.input(ProfileValidated.event, body)]).areDone)
                    }
                }
            }
            await harness.add("1", #""firstName":"Zoé","title":"again""#, at: "2027-01-01T00:00:00Z")
            #expect(try await database.count("SELECT count(*) FROM search_profiles") == 1)
            #expect(try await database.count("SELECT count(*) FROM search_records WHERE personal LIKE '%Zoé%'") == 0)
            #expect(try await database.count("SELECT count(*) FROM search_records WHERE standing = 'deleted'") == 21)
        }
    }

    @Test func `a rejection takes the profile out, and a later validation brings it back`() async throws {
        try await withHarness { harness, _ async throws in
            await harness.add("p", #""title":"Soudeur""#)
            let rejected = #"{"profileId":"p","occurredAt":"2026-02-01T00:00:00Z"}"#
            #expect(await harness.handle([IndexingHarness.input(ProfileRejected.event, rejected)]).areDone)
            #expect(try await harness.ids(ProfileQuery(text: "soudeur")) == [])
            await harness.add("p", #""title":"Soudeur""#, at: "2026-01-31T23:59:59Z")
            #expect(try await harness.ids(ProfileQuery(text: "soudeur")) == [])
            await harness.add("p", #""title":"Soudeur""#, at: "2026-02-02T00:00:00Z")
            #expect(try await harness.ids(ProfileQuery(text: "soudeur")) == ["p"])
        }
    }

    @Test func `a bad payload fails alone and names its field`() async throws {
        try await withHarness { harness, database async throws in
            let inputs = (0..<5).map { number in
                IndexingHarness.input(
                    ProfileValidated.event,
                    #"{"profileId":\#(number),"title":\#(number == 3 ? "[]" : "\"a\"")}"#
                )
            }
            let outcomes = await harness.handle(inputs)
            #expect(outcomes.indices.filter { !outcomes[$0].isDone } == [3])
            let error = #expect(throws: InvalidPayload.self) { try outcomes[3].get() }
            #expect(error?.field == "title")
            #expect(try await database.count("SELECT count(*) FROM search_profiles") == 4)
        }
    }

    @Test func `hostile texts are kept as they came`() async throws {
        try await withHarness { harness, database async throws in
            let text = #"{\"},\\;'--\t<b>%_\u0001{\u00e9}\u2028🎉"#
            await harness.add("p", #""title":"\#(text)","skills":["\#(text)"],"sector":"\#(text)""#)
            let found = try #require(try await ProfileRecords(database.pool).visible("p"))
            let fields = try JSONValue(Array(found.fields.utf8))
            let expected = try JSONValue(Array("\"\(text)\"".utf8)).text
            #expect(fields["title"]?.text == expected && fields["sector"]?.text == expected)
            #expect(try await harness.ids(ProfileQuery(skills: [expected ?? ""])) == ["p"])
        }
    }

    @Test func `however many profiles there are, those of a batch are found by their whole key`() async throws {
        try await withHarness { _, database async throws in
            for statement in [
                IndexStatements.records(of: ["p", "q"]), IndexStatements.withdraw([(1, "p"), (1, "q")]),
            ] {
                let explained = SQLStatement("EXPLAIN " + statement.text, statement.values)
                let plan = try await database.pool.transaction { transaction in
                    try await transaction.pipeline([IndexStatements.lockShared, explained])[1]
                }
                let text = Self.text(of: plan)
                #expect(
                    text.contains("Index Cond: ((generation = ") && text.contains(") AND (profile_id = "),
                    "\(text)"
                )
                #expect(!text.contains("Seq Scan"), "\(text)")
            }
        }
    }

    @Test func `however many profiles there are, those of a person who leaves are found by an index`() async throws {
        try await withHarness { _, database async throws in
            let update = IndexStatements.delete(users: ["u"])[1]
            let explained = SQLStatement("EXPLAIN " + update.text, update.values)
            let plan = try await database.pool.transaction { transaction in
                try await transaction.pipeline([IndexStatements.lockAlone, explained])[1]
            }
            #expect(Self.text(of: plan).contains("Index Cond: (user_ids && "), "\(Self.text(of: plan))")
        }
    }

    private static func text(of plan: SQLResult) -> String {
        plan.compactMap { $0.text(0) }.joined(separator: "\n")
    }

    @Test func `a profile as large as a message may be is indexed`() async throws {
        try await withHarness { harness, _ async throws in
            let words = (0..<25_000).map { "mot\($0)" }.joined(separator: " ")
            let entry = #"{"description":"\#(words.prefix(190_000))"}"#
            let list = Array(repeating: entry, count: 30).joined(separator: ",")
            await harness.add("p", #""title":"Géant","summary":"\#(words.prefix(190_000))","experiences":[\#(list)]"#)
            #expect(try await harness.ids(ProfileQuery(text: "geant mot17")) == ["p"])
        }
    }
}
