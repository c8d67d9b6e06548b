import FlotillaLocalization
import Testing

struct MessageLocaleTests {
    @Test(arguments: [
        ("1234.5", "1,234.5", "1\u{202f}234,5"), ("-1e3", "\u{2212}1,000", "\u{2212}1\u{202f}000"),
        ("0.10", "0.1", "0,1"),
    ])
    func `numbers are grouped and pointed as each language does`(text: String, english: String, french: String) throws {
        let number = try #require(DecimalNumber(text))
        #expect(MessageLocale.english.number(number) == english)
        #expect(MessageLocale.french.number(number) == french)
    }

    @Test(arguments: ["", "1.", ".5", "one", "1e41", String(repeating: "9", count: 41)])
    func `what is no number, or too long for one, is none`(text: String) { #expect(DecimalNumber(text) == nil) }

    @Test func `an amount is rounded to the places of its currency, and a currency is three letters`() throws {
        let amount = try #require(DecimalNumber("1234.565"))
        #expect(try MessageLocale.english.money(amount, currency: "eur") == "€1,234.57")
        #expect(try MessageLocale.french.money(amount, currency: "JPY") == "1\u{202f}235\u{a0}¥")
        #expect(throws: UnwritableValue.self) { try MessageLocale.english.money(amount, currency: "EURO") }
    }

    @Test func `a language is found by the first part of its tag`() {
        #expect(MessageLocale(tag: "fr-CA") == .french)
        #expect(MessageLocale(tag: "EN_gb") == .english)
        #expect(MessageLocale(tag: "de") == nil)
    }

    @Test(arguments: ["Europe/Paris", "UTC", "Etc/GMT+3"])
    func `a zone is found by its name in the tz database`(name: String) { #expect(NamedTimeZone.named(name) != nil) }

    @Test(arguments: ["", "Paris", "/etc/passwd", "../../etc/passwd", "Europe/Nowhere", "EST5EDT,M3.2.0,M11.1.0"])
    func `other spellings and paths are no zones`(name: String) { #expect(NamedTimeZone.named(name) == nil) }
}
