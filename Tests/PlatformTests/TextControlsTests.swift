import FlotillaPlatform
import Testing

struct TextControlsTests {
    private static let steering: [Unicode.Scalar] = [
        "\u{7f}", "\u{80}", "\u{9b}", "\u{61c}", "\u{200e}", "\u{200f}", "\u{202a}", "\u{202e}", "\u{2028}", "\u{2029}",
        "\u{2066}", "\u{2069}",
    ]

    @Test(arguments: steering)
    func `what could steer a terminal is escaped in JSON and shown as a sign elsewhere`(_ scalar: Unicode.Scalar) {
        let json = "{\n  \"a\" : \"x\(scalar)y\"\n}"
        #expect(json.escapingTextControlsOfJSON == "{\n  \"a\" : \"x\(scalar.jsonEscape)y\"\n}")
        #expect("x\(scalar)y".showingTextControls() == "x\u{fffd}y")
    }

    @Test func `the first 32 are shown as their pictures, but for those that are wanted`() {
        #expect("a\u{1b}[2J\nb".showingTextControls() == "a␛[2J␊b")
        #expect("a\u{1b}\n\tb".showingTextControls(but: ["\n", "\t"]) == "a␛\n\tb")
    }

    @Test(
        arguments: [
            "\u{200b}", "\u{feff}", "\u{e0001}", "\u{e0041}", "\u{e000}", "\u{10fffd}", "\u{ad}", "\u{2060}",
            "\u{3164}", "\u{115f}",
            "\u{fff9}", "\u{200c}", "\u{200d}", "\u{fe0f}", "\u{e0100}", "\u{ffff}",
        ] as [Unicode.Scalar]
    )
    func `what nobody sees is shown where nothing needs it`(_ scalar: Unicode.Scalar) {
        #expect("admin\(scalar)istrator".showingTextControls() == "admin\u{fffd}istrator")
        #expect("\(scalar)x".showingTextControls() == "\u{fffd}x")
        #expect("[\"x\(scalar)\"]".escapingTextControlsOfJSON == "[\"x\(scalar.jsonEscape)\"]")
    }

    @Test func `escapes in JSON are of UTF-16, and joiners stay single`() {
        #expect("[\"\u{e0001}\"]".escapingTextControlsOfJSON == #"["\udb40\udc01"]"#)
        #expect("👩\u{200d}\u{200d}🚀".showingTextControls() == "👩\u{fffd}\u{fffd}🚀")
        #expect("❤\u{fe0f}\u{e0101}".showingTextControls() == "❤\u{fe0f}\u{fffd}")
        #expect("👩\u{200d}".showingTextControls() == "👩\u{fffd}")
        #expect("🏴\u{e0067}\u{e007f}".showingTextControls() == "🏴\u{fffd}\u{fffd}")
    }

    @Test func `other texts stay as they are`() {
        let joined = ["é 日本 👩\u{200d}🚀", "🏳\u{fe0f}\u{200d}🌈", "👩\u{1f3fd}\u{200d}🚀", "نمی\u{200c}خواهم", "क्\u{200d}ष"]
        for text in joined + ["❤\u{fe0f} 1\u{fe0f}\u{20e3} 葛\u{e0100}", "\u{a0}", "e\u{301}", "ǅ½™"] {
            #expect(text.escapingTextControlsOfJSON == text)
            #expect(text.showingTextControls() == text)
        }
    }
}
