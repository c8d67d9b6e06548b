@testable import FlotillaIndexing
import FlotillaModels
import Testing

struct ProfileRecordTests {
    typealias Step = (change: ProfileChange, kind: ProfileChange.Kind, version: EventVersion)

    func step(_ kind: ProfileChange.Kind, at time: Int64, _ fields: ProfileFields = [:], id: String? = nil) -> Step {
        let change = ProfileChange(profileID: "p", userIDs: ["u"], fields: fields)
        return (change, kind, EventVersion(time: time, messageID: id ?? "m\(time)"))
    }

    func record(_ steps: [Step]) -> ProfileRecord {
        var record = ProfileRecord("p")
        for step in steps { record.apply(step.change, step.kind, step.version) }
        return record
    }

    @Test func `each field has the value of the latest event that named it`() {
        let record = record([
            step(.validated, at: 10, [.title: .string("a"), .sector: .string("x")]),
            step(.updated, at: 30, [.title: .string("c")]),
            step(.updated, at: 20, [.title: .string("b"), .score: .number("1")]),
        ])
        #expect(record.fields.mapValues(\.value.text) == [.title: "c", .sector: "x", .score: nil])
        #expect(record.isVisible && record.newest?.time == 30)
    }

    @Test func `an update alone makes nothing visible, and counts once the profile is validated`() {
        let update = step(.updated, at: 10, [.title: .string("a")])
        #expect(!record([update]).isVisible && record([update]).standing == .unknown)
        let validated = record([update, step(.validated, at: 5, [.title: .string("old"), .sector: .string("x")])])
        #expect(validated.isVisible && validated.fields[.title]?.value.text == "a")
    }

    @Test func `a rejection hides and empties, and a later validation begins afresh`() {
        let first = step(.validated, at: 10, [.title: .string("a")])
        let rejected = record([first, step(.rejected, at: 20)])
        #expect(rejected.standing == .rejected && rejected.fields.isEmpty)
        let again = record([step(.validated, at: 30, [.sector: .string("x")]), step(.rejected, at: 20), first])
        #expect(again.isVisible && again.fields.mapValues(\.value.text) == [.sector: "x"])
    }

    @Test func `an update that tells of another state hides, and a later validation or state shows again`() {
        func update(_ state: ProfileState?, at time: Int64) -> Step {
            var step = step(.updated, at: time, [.sector: .string("x")])
            step.change.state = state
            return step
        }
        let validated = step(.validated, at: 10, [.title: .string("a")])
        let left = record([update(.other, at: 20), validated])
        #expect(!left.isVisible && left.standing == .unknown && left.fields.count == 2)
        #expect(record([validated, update(.other, at: 20), update(nil, at: 30)]).isVisible == false)
        #expect(record([step(.validated, at: 30), update(.other, at: 20), validated]).isVisible)
        #expect(record([update(.validated, at: 30), update(.other, at: 20), validated]).isVisible)
        #expect(record([validated, update(.other, at: 5)]).isVisible)
        #expect(!record([validated, update(.other, at: 10)]).isVisible)
        // An update validates nothing, and ends no rejection.
        #expect(!record([update(.validated, at: 30)]).isVisible)
        #expect(record([validated, step(.rejected, at: 20), update(.validated, at: 30)]).standing == .rejected)
    }

    @Test func `of one moment a rejection wins, and else the greater message id`() {
        #expect(!record([step(.rejected, at: 10, id: "m"), step(.validated, at: 10, id: "m")]).isVisible)
        let a = step(.validated, at: 10, [.title: .string("a")], id: "1")
        let b = step(.updated, at: 10, [.title: .string("b")], id: "2")
        #expect(record([b, a]).fields[.title]?.value.text == "b")
        #expect(record([a, b]) == record([b, a]))
    }

    @Test func `nothing changes a person who has left`() {
        var gone = record([step(.validated, at: 10, [.title: .string("a")])])
        gone.delete()
        let before = gone
        for kind in ProfileChange.Kind.allCases {
            gone.apply(step(kind, at: 99).change, kind, step(kind, at: 99).version)
        }
        #expect(gone == before && gone.standing == .deleted && gone.userIDs.isEmpty && gone.newest == nil)
    }

    @Test func `any order of arrival and any repeats give the same record, whole or in two parts joined`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let steps = (0..<Int.random(in: 1...9)).map { number -> Step in
                var fields: ProfileFields = [:]
                for field in [ProfileField.title, .summary, .score] where Bool.random() {
                    fields[field] = .string("\(number)")
                }
                let kind = ProfileChange.Kind.allCases.randomElement(using: &random) ?? .updated
                // Few times and ids, so that there are ties.
                var step = step(kind, at: .random(in: 1...5), fields, id: "\(Int.random(in: 1...3))")
                step.change.userIDs = ["u\(Int.random(in: 1...2))"]
                step.change.state = [nil, .validated, .other].randomElement(using: &random) ?? nil
                return step
            }
            let expected = record(steps)
            let arrivals = (steps + steps.shuffled().prefix(3)).shuffled()
            #expect(record(arrivals) == expected)
            let cut = Int.random(in: 0...arrivals.count)
            var joined = record(Array(arrivals[cut...]))
            joined.join(record(Array(arrivals[..<cut])))
            #expect(joined == expected)
            #expect(try ProfileRecord(StoredRecord(expected)) == expected)
        }
    }
}

struct SearchDocumentTests {
    @Test func `a document has no names, and its parts are separate`() throws {
        var record = ProfileRecord("p")
        let fields: ProfileFields = [
            .firstName: .string("Zoé"), .email: .string("z@x.fr"), .title: .string("Développeuse"),
            .summary: .string("Zoé, z@x.fr"),
            .skills: .array([.members([.init(name: "name", value: .string("Swift UI"))])]),
            .sector: .string("Santé"),
            .experiences: .array([
                .members([
                    .init(name: "title", value: .string("Chef")),
                    .init(name: "description", value: .string("Zoé a dirigé")),
                ])
            ]), .score: .number("4.5"),
        ]
        let change = ProfileChange(profileID: "p", fields: fields)
        record.apply(change, .validated, EventVersion(time: 5, messageID: "m"))
        let document = try #require(SearchDocument(record))
        #expect(
            document.title == "developpeur" && document.keywords == "swift ui ; sante" && document.context == "chef"
        )
        #expect(document.body == "…, … ; … a dirige" && document.skills == ["swift ui"] && document.sector == "sante")
        #expect(document.score == 4.5 && document.experienceYears == nil && document.eventAt == 5)
    }

    @Test func `a profile that must not be found has none`() {
        var record = ProfileRecord("p")
        #expect(SearchDocument(record) == nil)
        record.apply(ProfileChange(profileID: "p"), .updated, EventVersion(time: 1, messageID: ""))
        #expect(SearchDocument(record) == nil)
    }
}

struct SearchCursorTests {
    @Test func `a cursor of times with a number that is no time is none`() {
        let query = ProfileQuery(text: "swift", sort: .newest)
        for key in [Double.infinity, -.infinity, 1e300, 1e19, -1e18] {
            let cursor = SearchCursor(match: .exact, key: key, profileID: "p")
            #expect(SearchCursor(cursor.text(of: query), of: query) == nil, "\(key)")
        }
        let cursor = SearchCursor(match: .exact, key: 1_769_742_000_000_000, profileID: "p")
        #expect(SearchCursor(cursor.text(of: query), of: query) == cursor)
    }

    @Test func `a cursor leads back to its place, and to no other search`() {
        let query = ProfileQuery(text: "swift", skills: ["Go"])
        let cursor = SearchCursor(match: .similar, key: -0.25, profileID: "é.1")
        #expect(SearchCursor(cursor.text(of: query), of: query) == cursor)
        #expect(SearchCursor(cursor.text(of: query), of: ProfileQuery(text: "swift")) == nil)
        for text in [
            "", "a.b.c.d", "\(query.fingerprint).0.7ff8000000000000.61", "\(query.fingerprint).0.0.6",
            "\(query.fingerprint).0.0.00",
        ] {
            #expect(SearchCursor(text, of: query) == nil)
        }
    }

    @Test(arguments: [
        ("", ProfileQuery.Sort.score), ("-java", .score), (#"-"chef de projet" -java"#, .score), ("&|!", .score),
        ("swift", .relevance), ("swift -java", .relevance), ("-java or swift", .relevance),
    ])
    func `where no word has to be there, the score decides the order`(text: String, order: ProfileQuery.Sort) {
        #expect(ProfileQuery(text: text).order == order)
        #expect(ProfileQuery(text: text, sort: .newest).order == .newest)
    }

    @Test func `what is compared alike is the same query`() {
        #expect(ProfileQuery(text: "  ").text == nil)
        #expect(
            ProfileQuery(text: "Été", skills: ["C", " a "], sector: "SANTÉ")
                == ProfileQuery(text: "ete", skills: ["A", "c", "C"], sector: "sante")
        )
        #expect(ProfileQuery(text: "Chef, de l'équipe C").words == ["chef", "equipe"])
        #expect(ProfileQuery(text: "swift c-3").mayHaveTypos && !ProfileQuery(text: "a b").mayHaveTypos)
        for text in ["swift -java", #""swift""#, "swift OR java"] { #expect(!ProfileQuery(text: text).mayHaveTypos) }
    }
}
