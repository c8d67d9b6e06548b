@testable import FlotillaIndexing
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct PostgresSearchTests {
    private func withHarness(_ body: (IndexingHarness) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in
            let harness = IndexingHarness(database.pool)
            await harness.add(
                "swift",
                #""title":"Développeuse Swift expérimentée","skills":["Swift","PostgreSQL"],"sector":"Santé","experience":7,"score":4.5"#
            )
            await harness.add(
                "java",
                #""title":"Développeur Java","summary":"Ten years of managing distributed systems, some Swift","skills":["Java","Swift"],"sector":"Banque","experience":12,"score":3,"language":"en""#
            )
            await harness.add(
                "chef",
                #""title":"Chef de projet","skills":["Scrum","C++"],"sector":"Banque","experience":3,"experiences":[{"title":"Comptable","company":"Naïve & Co"}]"#
            )
            try await body(harness)
        }
    }

    private func ids(_ harness: IndexingHarness, _ text: String) async throws -> [String] {
        try await harness.ids(ProfileQuery(text: text)).sorted()
    }

    @Test func `words are found without accents, in their other forms, and in both languages`() async throws {
        try await withHarness { harness async throws in
            #expect(try await ids(harness, "DEVELOPPEURS") == ["java", "swift"])
            #expect(try await ids(harness, "expérimenté") == ["swift"])
            #expect(try await ids(harness, "manage distributed system") == ["java"])
            #expect(try await ids(harness, "comptables naive") == ["chef"])
            #expect(try await ids(harness, "sante") == ["swift"])
            #expect(try await ids(harness, "c++") == ["chef"])
        }
    }

    @Test func `phrases, or and exclusion mean what they say`() async throws {
        try await withHarness { harness async throws in
            #expect(try await ids(harness, #""chef de projet""#) == ["chef"])
            #expect(try await ids(harness, #""projet chef""#) == [])
            #expect(try await ids(harness, "java or scrum") == ["chef", "java"])
            #expect(try await ids(harness, "swift -java") == ["swift"])
        }
    }

    @Test func `the title weighs more than a skill, and a skill more than the summary`() async throws {
        try await withHarness { harness async throws in
            await harness.add("skill", #""title":"x","skills":["Cobol"]"#)
            await harness.add("body", #""title":"x","summary":"cobol""#)
            await harness.add("title", #""title":"Cobol""#)
            #expect(try await harness.ids(ProfileQuery(text: "cobol")) == ["title", "skill", "body"])
        }
    }

    @Test func `a typo finds what resembles it, and says so`() async throws {
        try await withHarness { harness async throws in
            let page = try await PostgresSearch(harness.pool).search(
                ProfileQuery(text: "postgersql"),
                after: nil,
                limit: 5
            )
            #expect(page.profiles.map(\.profileID) == ["swift"] && page.match == .similar)
            #expect(page.overview?.total == 1)
            #expect(try await ids(harness, "xylophone quatuor") == [])
        }
    }

    @Test func `filters narrow, each for itself and together`() async throws {
        try await withHarness { harness async throws in
            func ids(_ query: ProfileQuery) async throws -> [String] { try await harness.ids(query).sorted() }
            #expect(try await ids(ProfileQuery(skills: ["SWIFT"])) == ["java", "swift"])
            #expect(try await ids(ProfileQuery(skills: ["swift", "java"])) == ["java"])
            #expect(try await ids(ProfileQuery(sector: "BANQUE")) == ["chef", "java"])
            #expect(try await ids(ProfileQuery(experience: .init(lowest: 7, highest: nil))) == ["java", "swift"])
            #expect(try await ids(ProfileQuery(experience: .init(lowest: 3, highest: 7))) == ["chef", "swift"])
            #expect(try await ids(ProfileQuery(score: .init(lowest: nil, highest: 4))) == ["java"])
            #expect(
                try await ids(ProfileQuery(text: "swift", sector: "banque", score: .init(lowest: 3, highest: 3))) == [
                    "java"
                ]
            )
        }
    }

    @Test func `results are counted by skill, sector, experience and score`() async throws {
        try await withHarness { harness async throws in
            let page = try await PostgresSearch(harness.pool).search(ProfileQuery(), after: nil, limit: 1)
            let overview = try #require(page.overview)
            #expect(overview.total == 3 && overview.isExact && page.profiles.count == 1)
            #expect(overview.skills.first == .init(value: "swift", count: 2) && overview.skills.count == 5)
            #expect(overview.sectors == [.init(value: "banque", count: 2), .init(value: "sante", count: 1)])
            #expect(Set(overview.experience.map(\.value)) == ["2-5", "5-10", "10-"])
            #expect(overview.lowestScore == 3 && overview.highestScore == 4.5 && overview.averageScore == 3.75)
        }
    }

    @Test(arguments: ProfileQuery.Sort.allCases)
    func `pages give every profile once, while others come and go`(sort: ProfileQuery.Sort) async throws {
        try await TestDatabase.with(migrated: true) { database in
            let harness = IndexingHarness(database.pool)
            let inputs = (0..<60).map { number in
                let fields = number.isMultiple(of: 5) ? "" : #","score":\#(number % 3),"experience":\#(number % 4)"#
                let title = number.isMultiple(of: 2) ? "Soudeur" : "Soudeur soudeur"
                let body =
                    #"{"profileId":"p\#(number)","timestamp":\#(1_700_000_000_123 + number / 2),"title":"\#(title)"\#(fields)}"#
                return IndexingHarness.input(ProfileValidated.event, body)
            }
            #expect(await harness.handle(inputs).areDone)
            let query = ProfileQuery(text: "soudeur", sort: sort)
            let all = try await harness.ids(query, limit: 60)
            var seen: [String] = []
            var cursor: SearchCursor?
            repeat {
                let page = try await PostgresSearch(database.pool).search(query, after: cursor, limit: 7)
                seen += page.profiles.map(\.profileID)
                cursor = page.nextCursor.flatMap { SearchCursor($0, of: query) }
                #expect((page.nextCursor == nil) == (cursor == nil))
                // One that has been seen goes, and one comes that sorts anywhere.
                if let last = seen.last {
                    let rejection = #"{"profileId":"\#(last)","occurredAt":"2026-09-01"}"#
                    #expect(await harness.handle([IndexingHarness.input(ProfileRejected.event, rejection)]).areDone)
                    await harness.add("new-\(seen.count)", #""title":"Soudeur","score":\#(Int.random(in: 0...3))"#)
                }
            } while cursor != nil
            #expect(seen.filter { $0.hasPrefix("p") } == all)
        }
    }

    /// What people type by mistake or on purpose.
    static let signs = [
        "\"", "'", "\\", "&|!():*<->", "a & b | !c", "((((", ":*", "%_", "- - -", "or or or", "\"a\" \"", "-\"a b",
        "--",
        "🎉", "'; DROP TABLE search_profiles; --", "a:*b", "!!", "é'é'é", "\u{1}", "عربى русский 漢字", "le la the of",
        "\"le la\" or -the", String(repeating: "🎉", count: 250), String(repeating: "-\"x\" or ", count: 110),
    ]

    @Test func `signs of every kind are no mistake`() async throws {
        try await withHarness { harness in
            for text in Self.signs { _ = try await harness.ids(ProfileQuery(text: text)) }
        }
    }

    @Test func `a thousand words are no mistake either`() async throws {
        try await withHarness { harness async throws in
            for word in ["a ", "swift ", "-swift ", "\"swift\" or ", "x:y "] {
                let text = String(String(repeating: word, count: 1_000).prefix(1_000))
                _ = try await harness.ids(ProfileQuery(text: text))
            }
        }
    }
}
