@testable import FlotillaPersonalData
import Testing

struct RedactionTests {
    static var ann: Person {
        var person = Person()
        person.add(DataSubject(kind: "user", id: "u-1"))
        person.add("Ann", .name)
        person.add("Ann Lee", .name)
        person.add("ann.lee@example.com", .email)
        person.add("+33 6 12 34 56 78", .phone)
        person.add("12 rue de la Paix", .address)
        return person
    }

    func redacted(_ body: String, _ event: String = "x.y", of person: Person = ann) -> (text: String, isOwn: Bool) {
        let result = Redaction(person).redact(Array(body.utf8), of: event)
        return (String(decoding: result.bytes, as: UTF8.self), result.isOwn)
    }

    @Test(
        arguments: [
            (
                #"{"userId":"u-1","name":"Ann","plan":"pro"}"#, #"{"userId":"u-1","name":"forgotten","plan":"pro"}"#,
                true
            ),
            (
                #"{"guests":[{"name":"Ann","email":"ANN.LEE@example.com"},{"name":"Ann","email":"other@example.com"}]}"#,
                #"{"guests":[{"name":"forgotten","email":"forgotten"},{"name":"Ann","email":"other@example.com"}]}"#,
                false
            ),
            (#"{"text":"Dear Ann Lee, hello"}"#, #"{"text":"Dear forgotten, hello"}"#, false),
            (#"{"to":"33612345678","a":[1]}"#, #"{"to":"forgotten","a":[1]}"#, true),
            (
                #"{"menteeId":"u-1","menteeName":"Ann","mentorId":"m","mentorName":"Bob","user":{"id":"u-1","name":"Ann"}}"#,
                #"{"menteeId":"u-1","menteeName":"Ann","mentorId":"m","mentorName":"Bob","user":{"id":"u-1","name":"forgotten"}}"#,
                false
            ),
            (#"{"data":{"userId":"u-1","phone":336}}"#, #"{"data":{"userId":"u-1","phone":"forgotten"}}"#, true),
            (#"{"a":"12 RUE DE LA PAIX"}"#, #"{"a":"forgotten"}"#, false),
            (#"{"userId":"u-10","name":"Ann"}"#, #"{"userId":"u-10","name":"Ann"}"#, false),
            (
                #"{"ann.lee@example.com":1,"joann.lee@example.com":2,"+33612345678":3}"#,
                #"{"forgotten":1,"joann.lee@example.com":2,"forgotten-2":3}"#, false
            ),
            (
                #"{"n":33612345678,"m":-33612345678,"x":3361234567.8}"#,
                #"{"n":"forgotten","m":-33612345678,"x":3361234567.8}"#, false
            ),
        ] as [(String, String, Bool)]
    )
    func `the person goes, and nobody else`(body: String, expected: String, isOwn: Bool) {
        let result = redacted(body)
        #expect(result.text == expected)
        #expect(result.isOwn == isOwn)
    }

    @Test func `a text that is no JSON loses the value and nothing else`() {
        #expect(redacted("not json, ann.lee@example.com, bob") == ("not json, forgotten, bob", false))
        #expect(redacted("not json, joann.lee@example.com") == ("not json, joann.lee@example.com", false))
        #expect(redacted("not json, somebody") == ("not json, somebody", false))
        #expect(redacted("<ann.lee@example.com>") == ("<forgotten>", true))
    }

    @Test func `bytes that are no text go whole when the person is in them, and stay for a neighbour`() {
        let redaction = Redaction(Self.ann)
        let own = redaction.redact([0xff, 0x00] + Array("ann.lee@example.com".utf8) + [0x00])
        #expect(own.bytes == [] && own.isOwn)
        let other = [0xff, 0x00] + Array("joann.lee@example.com".utf8) + [0x00]
        let result = redaction.redact(other)
        #expect(result.bytes == other && !result.isOwn && !result.isChanged)
    }

    @Test func `the rest of a text keeps its escapes`() {
        let body = #"{"x":"\u0062ob\/\n<ann.lee\u0040example.com>\u00e9","y":"half \ud800 of ann.lee@example.com"}"#
        #expect(
            redacted(body).text == #"{"x":"\u0062ob\/\n<forgotten>\u00e9","y":"half \ud800 of forgotten"}"#
        )
    }

    @Test func `what two people wrote for want of an address makes them not one`() {
        var person = Person()
        person.add(DataSubject(kind: "user", id: "u-1"))
        person.add("unknown", .email)
        person.add("n/a....", .phone)
        let body = #"{"email":"unknown","phone":"none","name":"Bob","text":"unknown error"}"#
        #expect(redacted(body, of: person) == (body, false))
        #expect(person.emails == [])
    }

    @Test func `a short name is taken out only where the text is about the person, and as a whole word`() {
        let redaction = Redaction(Self.ann)
        #expect(redaction.redact("Anna and Ann", isOwn: true) == "Anna and forgotten")
        #expect(redaction.redact("Anna and Ann", isOwn: false) == "Anna and Ann")
    }

    @Test func `a number is one kind's only`() {
        var person = Person()
        person.add(DataSubject(kind: "user", id: "12"))
        #expect(redacted(#"{"userId":12,"name":"A"}"#, of: person).text == #"{"userId":12,"name":"forgotten"}"#)
        #expect(redacted(#"{"customerId":12,"name":"B"}"#, of: person).text == #"{"customerId":12,"name":"B"}"#)
        #expect(redacted(#"{"plan":{"id":12,"name":"pro"}}"#, of: person).text == #"{"plan":{"id":12,"name":"pro"}}"#)
        #expect(redacted(#"{"id":12,"name":"A"}"#, "user.created", of: person).isOwn)
    }

    @Test func `JSON may write a name in any way`() {
        var person = Person()
        person.add("Zoé Léa", .name)
        #expect(redacted(#"{"x":"Zo\u00e9 L\u00E9a!"}"#, of: person).text == #"{"x":"forgotten!"}"#)
    }
}
