@testable import FlotillaPersonalData
import Testing

/// Where a value ends and a neighbour's longer one begins.
struct TraceMatcherTests {
    private static func replaced(
        _ text: String,
        _ traces: [String: PersonalFields.Category],
        inOwn: Bool = false
    ) -> String {
        TraceMatcher(traces, allowsUnspaced: inOwn).replacing(in: text, with: "X")
    }

    @Test(
        arguments: [
            "joann@example.org", "jo.ann@example.org", "jo-ann@example.org", "jo_ann@example.org", "jo+ann@example.org",
            "2ann@example.org", "éann@example.org", "e\u{301}ann@example.org", "Jo\u{430}ann@example.org",
            "o'ann@example.org", "o’ann@example.org", "jo!ann@example.org", "_ann@example.org", "-ann@example.org",
            "+ann@example.org", "@ann@example.org", "ann@example.org.uk", "ann@example.organic", "ann@example.org2",
            "ann@example.org-shop.fr", "ann@example.org_x", "ann@example.org+x", "ann@example.org@evil.org",
            "ann@example.org..uk", "ann.b@example.org", "ann@example.or", "ann+news@example.org", "ann@sub.example.org",
            "jo%2Bann%40example.org", "jo%2Eann@example.org", "ann@example.org%2Euk", "ann%40example.org%252Euk",
            "jo+ann%40example.org", "ann%2Bnews%40example.org", "jo\\u002eann\\u0040example.org",
            "ann\\u0040example.org\\u002euk", "\\u006aoann@example.org", "JOANN@EXAMPLE.ORG", "ann@example.org.UK",
            "ann@example.orgé", "ann@example.org\u{301}", "%6aoann@example.org",
        ]
    )
    func `a longer address is somebody else's`(text: String) {
        for text in [text, "x \(text) y", "<\(text)>", "to=\(text)&x", "\"\(text)\"", "(\(text))", "address:\(text)"] {
            #expect(Self.replaced(text, ["ann@example.org": .email]) == text)
        }
    }

    @Test(
        arguments: [
            ("ann@example.org", "X"), ("Ann@Example.ORG", "X"), ("ANN@EXAMPLE.ORG!", "X!"),
            ("Write to ann@example.org.", "Write to X."), ("to ann@example.org... and", "to X... and"),
            ("<ann@example.org>,ann@example.org;", "<X>,X;"), ("mailto:ann@example.org?x", "mailto:X?x"),
            ("a=ann%40example.org&b", "a=X&b"), ("a=%61nn%40example%2Eorg%20b", "a=X%20b"),
            ("r=%2Fu%3Fto%3Dann%2540example.org%26x", "r=%2Fu%3Fto%3DX%26x"), ("ann\\u0040example.org", "X"),
            (#"{\"to\":\"ann\\u0040example.org\"}"#, #"{\"to\":\"X\"}"#), (#"a\nann@example.org\nb"#, #"a\nX\nb"#),
            (#"\u003cann@example.org\u003e"#, #"\u003cX\u003e"#), ("l'adresse d'ann@example.org", "l'adresse d'X"),
            ("'ann@example.org' is ann@example.org's", "'X' is X's"), ("/users/ann@example.org/x", "/users/X/x"),
            ("joann@example.org and ann@example.org", "joann@example.org and X"),
            ("100% ann@example.org 50%", "100% X 50%"),
            ("%ff ann@example.org %4", "%ff X %4"),
        ]
    )
    func `a whole address goes, however it is written`(text: String, expected: String) {
        #expect(Self.replaced(text, ["ann@example.org": .email]) == expected)
    }

    @Test func `an address with a plus is another one than that without`() {
        let traces: [String: PersonalFields.Category] = ["ann+news@example.org": .email]
        #expect(Self.replaced("ann%2Bnews%40example.org, ann+news@example.org", traces) == "X, X")
        #expect(
            Self.replaced("ann@example.org ann+news2@example.org", traces) == "ann@example.org ann+news2@example.org"
        )
    }

    @Test(
        arguments: [
            "+336112", "33 6112", "133611", "+1 33611 2", "33611.5", "1.33611", "33611-22", "22-33611", "a33611",
            "33611a",
            "+33611 22 33", "bob+33611@example.org", "33611@example.org", "٣33611", "+33 6112", "u_33611", "++33611",
            "%2B336112", "+33611\\u0032",
        ]
    )
    func `a longer number is somebody else's`(text: String) {
        for text in [text, "tel:\(text)", "(\(text))", "\"\(text)\","] {
            #expect(Self.replaced(text, ["+33611": .phone]) == text)
        }
    }

    @Test(
        arguments: [
            ("+33611", "X"), ("33611.", "X."), ("0033611", "X"), ("tel:+33611;", "tel:X;"), ("to=%2B33611&", "to=X&"),
            ("sms:33611, +336112", "sms:X, +336112"),
        ]
    )
    func `a whole number goes, with and without its plus`(text: String, expected: String) {
        #expect(Self.replaced(text, ["+33611": .phone]) == expected)
    }

    @Test func `a number in groups ends where no group follows`() {
        let traces: [String: PersonalFields.Category] = ["+33 6 12 34 56 78": .phone]
        #expect(
            Self.replaced("+33 6 12 34 56 78, 33\u{202f}6\u{a0}12 34 56 78", traces)
                == "X, 33\u{202f}6\u{a0}12 34 56 78"
        )
        #expect(Self.replaced("+33\u{202f}6\u{a0}12 34 56 78", traces) == "X")
        #expect(Self.replaced("+33 6 12 34 56 78 90", traces) == "+33 6 12 34 56 78 90")
        #expect(Self.replaced("33612345678 2026-01-01", traces) == "X 2026-01-01")
    }

    @Test(
        arguments: [
            "Joanna", "Annette", "Jo-Ann", "Ann-Marie", "Ann_1", "Ann2", "O'Ann", "O’Ann", "ann.b@example.org",
            "b.ann@example.org", "ann@other.org", "bob@ann.org", "bob@mail.ann.org", "ann'b@example.org", "@ann",
            "Annа", "Αnn", "éAnn", "Ann\u{301}", "J.Ann", "ann%2Eb%40example.org",
        ]
    )
    func `a longer name, and an address with the name in it, are somebody else's`(text: String) {
        for text in [text, "Dear \(text),", "(\(text))"] {
            #expect(Self.replaced(text, ["Ann": .name], inOwn: true) == text)
        }
    }

    @Test(
        arguments: [
            ("Dear ANN, Ann's", "Dear X, X's"), ("le profil d'Ann", "le profil d'X"),
            ("Joanna and Ann.", "Joanna and X."),
            ("Ann--she", "X--she"), ("Ann—she", "X—she"),
        ]
    )
    func `a name goes where it is a word of its own`(text: String, expected: String) {
        #expect(Self.replaced(text, ["Ann": .name], inOwn: true) == expected)
    }

    @Test func `a name is the same composed and decomposed, in capitals, and with either apostrophe`() {
        let traces: [String: PersonalFields.Category] = ["Zoé Strauß": .name, "Siân O'Neil": .name]
        #expect(Self.replaced("Zoe\u{301} Strauß, ZOÉ STRAUSS, Zo%C3%A9%20Strau%C3%9F", traces) == "X, X, X")
        #expect(Self.replaced("Zo%65%CC%81 Strauß, Sia\u{302}n O’Neil", traces) == "X, X")
        #expect(
            Self.replaced("Zoé Straußin, Zoéa Strauß, Zoe Strauß", traces) == "Zoé Straußin, Zoéa Strauß, Zoe Strauß"
        )
    }

    @Test func `in a script without spaces a name is found in what is the person's alone`() {
        let traces: [String: PersonalFields.Category] = ["王小明": .name]
        #expect(Self.replaced("王小明先生,你好", traces, inOwn: true) == "X先生,你好")
        #expect(Self.replaced("王小明先生,你好", traces) == "王小明先生,你好")
        #expect(Self.replaced("你好 王小明", traces) == "你好 X")
    }

    /// Neighbours whose value begins with hers, ends with it, or has it in the middle.
    @Test(arguments: 0..<40)
    func `no neighbour is ever changed whose value contains hers`(seed: UInt64) {
        var random = SplitMix(state: seed)
        let addressLetters = Array("abzéя09._-+")
        let wordLetters = Array("abzéяß'7")
        let traces: [String: PersonalFields.Category] = [
            "ann@example.org": .email, "+33 6 12 34 56 78": .phone, "Ann Lee": .name,
        ]
        let matcher = TraceMatcher(traces, allowsUnspaced: false)
        func some(_ letters: [Character], _ count: ClosedRange<Int>) -> String {
            String(
                (0..<Int.random(in: count, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" }
            )
        }
        for _ in 0..<50 {
            var (before, after) = (some(addressLetters, 0...4), some(addressLetters, 0...4))
            // A dot or the like at the end of a domain is the sentence's.
            if !before.isEmpty || after.isEmpty { before = some(addressLetters, 1...4) }
            if !after.isEmpty { after += some(Array("abz09"), 1...2) }
            let address = "\(before)ann@example.org\(after)"
            let digits = some(Array("0123456789"), 1...4)
            let number = Bool.random(using: &random) ? "+33612345678\(digits)" : "\(digits)33612345678"
            let letter = some(Array("abzéяß7"), 1...1)
            let name =
                Bool.random(using: &random)
                ? "\(some(wordLetters, 0...3))\(letter)Ann Lee" : "Ann Lee\(letter)\(some(wordLetters, 0...3))"
            for value in [address, number, name] {
                for written in Self.spellings(of: value) {
                    for text in [written, "x \(written), y", "<\(written)>", #"{"a":"\#(written)"}"#] {
                        #expect(matcher.replacing(in: text, with: "X") == text)
                    }
                    let both = "\(written) <ann@example.org> \(written)"
                    #expect(matcher.replacing(in: both, with: "X") == "\(written) <X> \(written)")
                }
            }
        }
    }

    private static func spellings(of value: String) -> [String] {
        let percent = value.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        let escaped = value.utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
        return [value, value.uppercased(), percent, escaped]
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }
}
