@testable import FlotillaIndexing
@testable import FlotillaModels
import Testing

struct ProfileEventTests {
    func change(_ body: String) throws -> ProfileChange {
        try PayloadDecoder.decode(ProfileValidated.self, from: Array(body.utf8)).change
    }

    @Test(arguments: [
        #"{"profileId":"1","userId":2}"#, #"{"profile_id":1,"user_id":"2"}"#,
        #"{"data":{"profileId":1,"userId":2},"id":"e-1"}"#,
        #"{"id":"e-1","data":{"profile":{"profileId":1,"userId":2}}}"#, #"{"profile":{"profile_id":"1"},"userId":2}"#,
    ])
    func `profile and person are found under every name`(body: String) throws {
        let change = try change(body)
        #expect(change.profileID == "1" && change.userIDs == ["2"])
    }

    @Test func `a candidate's id stands for the profile's when there is no other, and is one of the person's`() throws {
        let alone = try change(#"{"candidateId":7}"#)
        #expect(alone.profileID == "7" && alone.userIDs == ["7"])
        let both = try change(#"{"profileId":"p","userId":"u","candidateId":7,"id":"e"}"#)
        #expect(both.profileID == "p" && both.userIDs == ["u", "7"])
        #expect(try change(#"{"profile":{"id":9}}"#).profileID == "9")
    }

    @Test(arguments: [
        (#""status":"VALIDATED""#, ProfileState.validated), (#""data":{"profile":{"status":"in_review"}}"#, .other),
        (#""oldStatus":"VALIDATED","newStatus":"DRAFT","status":"success""#, .other), (#""status":"updated""#, nil),
        (#""status":{"code":1}"#, nil), (#""title":"x""#, nil),
    ])
    func `an update tells of a state by a service's words`(members: String, state: ProfileState?) throws {
        let body = Array(#"{"profileId":"p",\#(members)}"#.utf8)
        #expect(try PayloadDecoder.decode(ProfileUpdated.self, from: body).change.state == state)
    }

    @Test func `every field is read in its normal form`() throws {
        let change = try change(
            #"""
            {"profileId":"p","timestamp":"2026-01-30T03:00:00Z","data":{"first_name":"Léa","lastName":"B","email_address":"l@x.fr",
            "phoneNumber":612345678,"jobTitle":"Dev","bio":"…","industry":"IT","location":{"city":"Lyon","country":"France"},
            "locale":"fr-FR","skills":["Swift"," ",{"skill":"C","level":3},null],"experience":"no list",
            "years_of_experience":"7.5","adminScore":4,"educations":[{"degree":"MSc","year":2015}]}}
            """#
        )
        let expected: [ProfileField: String] = [
            .firstName: #""Léa""#, .lastName: #""B""#, .email: #""l@x.fr""#, .phone: #""612345678""#, .title: #""Dev""#,
            .summary: #""…""#, .sector: #""IT""#, .location: #""Lyon, France""#, .language: #""fr""#,
            .skills: #"[{"name":"Swift"},{"name":"C","level":3}]"#, .experiences: #"[{"title":"no list"}]"#,
            .experienceYears: "7.5", .score: "4", .education: #"[{"degree":"MSc","year":2015}]"#,
        ]
        #expect(change.fields.mapValues(\.json) == expected)
        #expect(change.occurredAt == 1_769_742_000_000_000)
    }

    @Test func `experience is a number of years or a list`() throws {
        #expect(try change(#"{"profileId":1,"experience":3}"#).fields.mapValues(\.json) == [.experienceYears: "3"])
        let list = try change(#"{"profileId":1,"experience":[{"title":"Dev"},"Chef"],"experienceYears":4}"#)
        #expect(list.fields[.experiences]?.json == #"[{"title":"Dev"},{"title":"Chef"}]"#)
        #expect(list.fields[.experienceYears]?.json == "4")
    }

    @Test func `skills may be one text with commas`() throws {
        let fields = try change(#"{"profileId":1,"skills":"Swift, C ; Go"}"#).fields
        #expect(fields[.skills]?.json == #"[{"name":"Swift"},{"name":"C"},{"name":"Go"}]"#)
    }

    @Test func `a field that is null says nothing, and an empty one is empty`() throws {
        let fields = try change(#"{"profileId":1,"title":null,"summary":"","skills":[]}"#).fields
        #expect(fields.mapValues(\.json) == [.summary: #""""#, .skills: "[]"])
    }

    @Test(arguments: [
        ("{}", "profileId: missing"),
        (#"{"profileId":{}}"#, "profileId: expected a string or an integer, found an object"),
        (#"{"profileId":1,"title":[]}"#, "title: expected a string, found an array"),
        (#"{"profileId":1,"skills":[{"level":1}]}"#, "skills.0: expected a string or an object with a name"),
        (#"{"profileId":1,"skills":7}"#, "skills: expected an array, found a number"),
        (#"{"profileId":1,"experienceYears":-1}"#, "experienceYears: expected 0 to 100 years, found another number"),
        (#"{"profileId":1,"score":"good"}"#, "score: expected a number, found a string"),
        (#"{"profileId":1,"score":1e999}"#, "score: expected a number, found a number"),
        (#"{"profileId":1,"summary":"a\u0000b"}"#, "summary: expected text, found the character U+0000"),
        (
            #"{"profileId":1,"experiences":[{"title":"\u0000"}]}"#,
            "experiences.0.title: expected text, found the character U+0000"
        ),
        (#"{"profileId":1,"experiences":[4]}"#, "experiences.0: expected an object, found a number"),
        (#"{"profileId":1,"occurredAt":"soon"}"#, "occurredAt: expected an ISO 8601 time, found other text"),
    ])
    func `a profile that can't be indexed names its field`(body: String, problem: String) {
        let error = #expect(throws: InvalidPayload.self) { try change(body) }
        #expect(error?.description == problem)
    }

    @Test func `what no index can hold is refused`() {
        let long = String(repeating: "a", count: 201)
        #expect(throws: InvalidPayload.self) { try change(#"{"profileId":1,"skills":["\#(long)"]}"#) }
        let deep = String(repeating: "[", count: 20) + String(repeating: "]", count: 20)
        #expect(throws: InvalidPayload.self) { try change(#"{"profileId":1,"experiences":[{"a":\#(deep)}]}"#) }
        let many = Array(repeating: #""a""#, count: 1_001).joined(separator: ",")
        #expect(throws: InvalidPayload.self) { try change(#"{"profileId":1,"skills":[\#(many)]}"#) }
    }

    @Test func `a rejection needs nothing but the profile, and says nothing of its fields`() throws {
        let body = Array(#"{"profileId":1,"title":[],"rejectedAt":"2026-01-30"}"#.utf8)
        let change = try PayloadDecoder.decode(ProfileRejected.self, from: body).change
        #expect(change.fields.isEmpty && change.occurredAt == 1_769_731_200_000_000)
    }

    @Test(arguments: [
        #"{"userId":5}"#, #"{"user_id":"5"}"#, #"{"id":5}"#, #"{"data":{"userId":"5"}}"#, #"{"user":{"id":5}}"#,
    ])
    func `a deletion names the person`(body: String) throws {
        #expect(try PayloadDecoder.decode(UserDeleted.self, from: Array(body.utf8)).userID == "5")
    }
}
