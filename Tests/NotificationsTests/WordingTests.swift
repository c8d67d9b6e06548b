@testable import FlotillaLocalization
import FlotillaModels
@testable import FlotillaNotifications
import Testing

struct WordingTests {
    private func show(_ tag: String, _ value: String, _ language: String, zone: String? = nil) throws -> String {
        let fixture = try TemplateFixture([
            "words.json": #"{"profile_views": {"en": "profile views", "fr": "consultations de profils"}}"#,
            "t/template.json": TemplateFixture.manifest + #", "required": ["x"], "optional": ["c"]}"#,
            "t/en.html": "", "t/fr.html": "",
            "t/en.txt": TemplateFixture.headers + tag, "t/fr.txt": TemplateFixture.headers + tag,
        ])
        let text = try fixture.render("{\"x\": \(value)}", language: language, timeZone: zone).text
        return String(text.dropLast())
    }

    @Test(arguments: [
        ("2026-11-24T08:30:00Z", "fr", "Europe/Paris", "mardi 24 novembre 2026 à 09:30 (Paris)"),
        ("2026-11-24T08:30:00Z", "en", "Europe/Paris", "Tuesday 24 November 2026, 09:30 (Paris)"),
        ("2026-08-01T08:30:00+00:00", "fr", "Europe/Paris", "samedi 1er août 2026 à 10:30 (Paris)"),
        ("2026-01-01T03:00:00Z", "en", "America/New_York", "Wednesday 31 December 2025, 22:00 (New York)"),
        ("2026-11-24T08:30:00Z", "en", nil, "Tuesday 24 November 2026, 08:30 (UTC)"),
        ("2026-11-24T08:30:00Z", "en", "Nowhere/City", "Tuesday 24 November 2026, 08:30 (UTC)"),
        ("2026-11-24T08:30:00Z", "en", "../../etc/passwd", "Tuesday 24 November 2026, 08:30 (UTC)"),
        ("2060-07-01T12:00:00Z", "en", "Europe/Paris", "Thursday 1 July 2060, 14:00 (Paris)"),
        ("2026-11-24", "fr", "America/New_York", "mardi 24 novembre 2026"),
        ("1969-12-31T23:59:59.5Z", "en", "Asia/Kolkata", "Thursday 1 January 1970, 05:29 (Kolkata)"),
    ])
    func `a time is shown on the reader's clock and in their words`(
        _ time: String,
        _ language: String,
        _ zone: String?,
        _ shown: String
    ) throws {
        #expect(try show("{{x | datetime}}", "\"\(time)\"", language, zone: zone) == shown)
    }

    @Test func `a time without an offset is of the zone that the request names, else of the assumed one`() throws {
        let fixture = try TemplateFixture(text: "{{x | time}} {{y | date}}", required: ["x", "y"])
        let library = try fixture.library()
        let values = try JSONValue(Array(#"{"x":"2026-06-15T09:00:00","y":"2026-06-15"}"#.utf8))
        func shown(_ reader: String?, _ writtenIn: String?) throws(TemplateError) -> String {
            try library.render("t", language: "en", values: values, timeZone: reader, writtenIn: writtenIn).text
        }
        #expect(try shown("Europe/Paris", "Europe/Paris") == "09:00 Monday 15 June 2026\n")
        #expect(try shown("America/New_York", "Europe/Paris") == "03:00 Monday 15 June 2026\n")
        #expect(try shown("Europe/Paris", nil) == "11:00 Monday 15 June 2026\n")
        let paris = try #require(NamedTimeZone.named("Europe/Paris"))
        try AssumedZone.$ofTask.withValue(paris) { () throws in
            #expect(try shown("Europe/Paris", nil) == "09:00 Monday 15 June 2026\n")
        }
    }

    @Test func `a day and a clock can be shown alone, also from seconds and milliseconds`() throws {
        #expect(try show("{{x | date}}", "1795509000", "en", zone: "Europe/Paris") == "Tuesday 24 November 2026")
        #expect(try show("{{x | time}}", "1795509000000", "fr", zone: "Europe/Paris") == "09:30")
    }

    @Test(arguments: ["\"tomorrow\"", "\"2026-02-30\"", "true", "1e300", "{}"])
    func `what is no time is an error`(_ value: String) throws {
        let error = #expect(throws: TemplateError.self) { try show("{{x | datetime}}", value, "en") }
        #expect(error?.code == .unsuitableVariable)
        #expect(error?.variable == "x")
    }

    @Test(arguments: [
        ("1234567.5", "1,234,567.5", "1\u{202f}234\u{202f}567,5"), ("-0.0", "0", "0"), ("\"007\"", "7", "7"),
        ("1e3", "1,000", "1\u{202f}000"), ("-12.50", "−12.5", "−12,5"), ("1.5e-2", "0.015", "0,015"),
        ("999", "999", "999"),
    ])
    func `numbers have the language's separators`(_ value: String, _ english: String, _ french: String) throws {
        #expect(try show("{{x | number}}", value, "en") == english)
        #expect(try show("{{x | number}}", value, "fr") == french)
    }

    @Test(arguments: [
        "\"\\u0661\"", "\"1e99\"", "\"1e-9223372036854775808\"", "\"0x10\"", "\".5\"", "\"5.\"", "\"nan\"", "true",
    ])
    func `what is no number is an error`(_ value: String) throws {
        #expect(throws: TemplateError.self) { try show("{{x | number}}", value, "en") }
    }

    @Test(arguments: [
        ("99.99", "EUR", "€99.99", "99,99\u{a0}€"), ("1234.5", "usd", "$1,234.50", "1\u{202f}234,50\u{a0}$"),
        ("1500", "XOF", "XOF\u{a0}1,500", "1\u{202f}500\u{a0}F\u{a0}CFA"),
        ("10.5", "TND", "TND\u{a0}10.500", "10,500\u{a0}TND"),
        ("99.995", "EUR", "€100.00", "100,00\u{a0}€"), ("-0.001", "EUR", "€0.00", "0,00\u{a0}€"),
        ("-5", "CHF", "−CHF\u{a0}5.00", "−5,00\u{a0}CHF"),
    ])
    func `amounts have their currency's sign and places`(
        _ amount: String,
        _ currency: String,
        _ english: String,
        _ french: String
    ) throws {
        let tag = "{{x | money: \"\(currency)\"}}"
        #expect(try show(tag, amount, "en") == english)
        #expect(try show(tag, amount, "fr") == french)
    }

    @Test func `an amount in no currency is an error`() throws {
        let error = #expect(throws: TemplateError.self) { try show("{{x | money: \"euros\"}}", "1", "en") }
        #expect(error?.code == .unsuitableVariable)
    }

    @Test func `durations, plurals and words follow the language`() throws {
        #expect(try show("{{x | duration}}", "45", "en") == "45\u{a0}minutes")
        #expect(try show("{{x | duration}}", "90", "en") == "1\u{a0}hour 30\u{a0}minutes")
        #expect(try show("{{x | duration}}", "65", "fr") == "1\u{a0}h\u{a0}05")
        #expect(try show("{{x | duration}}", "120", "fr") == "2\u{a0}h")
        let plural = "{{x | plural: \"ticket\", \"tickets\"}}"
        #expect(
            try ["0", "1", "1.5", "2"].map { try show(plural, $0, "en") } == [
                "tickets", "ticket", "tickets", "tickets",
            ]
        )
        #expect(
            try ["0", "1", "1.5", "2"].map { try show(plural, $0, "fr") } == ["ticket", "ticket", "ticket", "tickets"]
        )
        #expect(try show("{{x | words}}", "\"profile_views\"", "fr") == "consultations de profils")
        #expect(try show("{{x | words}}", "\"cv_exports\"", "en") == "cv exports")
    }
}
