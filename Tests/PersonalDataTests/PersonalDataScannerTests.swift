@testable import FlotillaPersonalData
import Testing

struct PersonalDataScannerTests {
    static let pseudonyms = Pseudonyms(key: [UInt8](repeating: 7, count: 32))

    func reading(_ event: String, _ body: String, rowSubject: String? = nil) -> PersonalDataScanner {
        PersonalDataScanner(
            Array(body.utf8),
            EventPrivacy(event),
            Self.pseudonyms,
            rowSubject: rowSubject,
            messageID: "m"
        )
    }

    func found(_ event: String, _ body: String, rowSubject: String? = nil) -> [String] {
        reading(event, body, rowSubject: rowSubject).findings.map { "\($0.path) \($0.subject)" }
    }

    func mayConcern(_ event: String, _ body: String) -> Bool {
        PersonalScan.mayConcern(Array(body.utf8), EventPrivacy(event).names)
    }

    @Test(
        arguments: [
            ("user.created", #"{"userId":"u-1","email":"a@b.c"}"#, ["/email user:u-1"]),
            ("user.created", #"{"id":7,"first_name":"Ann","age":3}"#, ["/first_name user:7"]),
            ("user.created", #"{"data":{"user_id":7,"Phone-Number":33612}}"#, ["/data/Phone-Number user:7"]),
            (
                "session.created", #"{"menteeId":"a","mentorId":"b","menteeName":"A","mentorName":"B"}"#,
                ["/menteeName mentee:a", "/mentorName mentor:b"]
            ),
            (
                "session.created", #"{"mentor":{"id":1,"name":"B"},"mentee":{"id":2,"name":"A"}}"#,
                ["/mentor/name mentor:1", "/mentee/name mentee:2"]
            ),
            (
                "profile.validated", #"{"profileId":"p","userId":"u","address":{"city":"Paris"},"skills":["Swift"]}"#,
                ["/address user:u"]
            ),
            ("profile.viewed", #"{"profileId":"p","recruiterId":"r","ip":"1.2.3.4"}"#, ["/ip recruiter:r"]),
            ("company.created", #"{"companyId":"c","companyName":"X","planName":"pro"}"#, []),
            ("x.y", #"{"note":"ann@example.com or bob@example.com"}"#, ["/note message:m"]),
            ("x.y", #"{"userId":"u","note":"write to ann@example.com today"}"#, ["/note user:u"]),
            ("notification.sent", #"{"notificationId":"n","recipient":"user:u"}"#, []),
            ("notification.failed", #"{"recipient":"user:u","reason":"no ann@example.com"}"#, ["/reason user:u"]),
            ("ticket.completed", #"{"tickets":[{"guestId":"g","guest_name":"Z"}]}"#, ["/tickets/0/guest_name guest:g"]),
            ("user.created", #"{"userId":"u","email":null,"name":"","phone":[]}"#, []),
            ("x.y", #"{"userId":"u","em\u0061il":"x"}"#, ["/email user:u"]),
            ("x.y", #"{"userId":"u","v":"sealed:v1:1:AAAA"}"#, ["/v user:u"]),
        ] as [(String, String, [String])]
    )
    func `a personal value is found with its person`(event: String, body: String, expected: [String]) {
        #expect(found(event, body) == expected)
        if !expected.isEmpty { #expect(mayConcern(event, body)) }
    }

    @Test(
        arguments: [
            ("notification.sent", #"{"notificationId":"n","recipient":"address:ann@example.com"}"#, "/recipient"),
            ("x.y", #"{"note":"Ann@Example.com wants"}"#, "/note"),
            ("x.y", #"{"note":"write to <ann@example.com>, ann@example.com."}"#, "/note"),
            ("x.y", #"{"link":"https://example.org/?to=ann@example.com"}"#, "/link"),
            ("x.y", #"{"link":"mailto:ann@example.com"}"#, "/link"),
        ]
    )
    func `a text with one address in it is that address's`(event: String, body: String, path: String) {
        let findings = reading(event, body).findings
        #expect(findings.map { "\($0.path) \($0.subject)" } == ["\(path) email:\(Self.ann)"])
        #expect(findings.first?.category == .email)
        #expect(findings.first?.traces.map { $0.lowercased() } == ["ann@example.com"])
        #expect(mayConcern(event, body))
    }

    private static let ann = pseudonyms.pseudonym(of: "ann@example.com")

    @Test func `a number that a notification went to is sealed as a number`() {
        let body = #"{"notificationId":"n","type":"sms","recipient":"address:+33612345678","status":"sent"}"#
        let findings = reading("notification.sent", body).findings
        let id = Self.pseudonyms.pseudonym(of: "33612345678")
        #expect(findings.map(\.subject) == [DataSubject(kind: "phone", id: id)])
        #expect(findings.map(\.category) == [.phone] && findings.map(\.traces) == [["+33612345678"]])
        #expect(mayConcern("notification.sent", body))
    }

    @Test func `without an id the address beside it is the person, and then what the row is about`() {
        let email = Self.pseudonyms.pseudonym(of: "Ann@Example.com")
        #expect(
            found("x.y", #"{"email":"ann@example.com","name":"Ann"}"#) == [
                "/email email:\(email)", "/name email:\(email)",
            ]
        )
        #expect(found("x.y", #"{"name":"Ann"}"#, rowSubject: "t-9") == ["/name record:t-9"])
        #expect(found("x.y", #"{"name":"Ann"}"#) == ["/name message:m"])
    }

    @Test func `an id that is an address has a pseudonym`() {
        let id = Self.pseudonyms.pseudonym(of: "ann@example.com")
        let paths = found("user.created", #"{"userId":"ann@example.com","name":"Ann"}"#)
        #expect(paths == ["/userId user:\(id)", "/name user:\(id)"])
    }

    @Test func `ids of one person are remembered together, those of two are not`() {
        let one = reading("profile.updated", #"{"profileId":"p","userId":"u","name":"Ann"}"#)
        let (user, profile) = (DataSubject(kind: "user", id: "u"), DataSubject(kind: "profile", id: "p"))
        #expect(one.aliases == [user: [profile]])
        #expect(reading("profile.viewed", #"{"profileId":"p","userId":"u","ip":"1"}"#).aliases.isEmpty)
    }

    @Test func `a name that is an address seals the whole body`() {
        #expect(found("x.y", #"{"members":{"ann@example.com":{"role":"x"}}}"#) == [" message:m"])
    }

    @Test func `traces are what the person can be found by`() {
        let body = #"{"userId":"u","firstName":"Ann","lastName":"Lee","email":"a@b.cd","birthDate":"2000-01-01"}"#
        let traces = reading("user.created", body).findings.flatMap(\.traces)
        #expect(Set(traces) == ["Ann", "Lee", "Ann Lee", "a@b.cd"])
    }

    @Test(
        arguments: [
            #"{"profileId":"p-1","companyId":"c","recruiterId":"r","anonymized":false,"source":"s","occurredAt":"x"}"#,
            #"{"a":"tab\tand \"quotes\"","b":[1,2,{"c":null}]}"#, "[]", "{}", #""text""#, "12",
        ]
    )
    func `a body without anything personal needs no second look`(body: String) {
        #expect(!mayConcern("profile.viewed", body))
    }
}
