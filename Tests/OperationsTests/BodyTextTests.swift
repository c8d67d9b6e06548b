import FlotillaOperations
import Testing

struct BodyTextTests {
    private func lines(_ text: String) -> [String] { BodyText.lines(of: Array(text.utf8)) }

    @Test func `JSON is indented, and nothing of it but blanks is changed`() {
        #expect(
            lines(#"{"a":[1, 2.50,{}],"b":"x, \"y\": {","c":[],"d":1e400}"#) == [
                "{", #"  "a": ["#, "    1,", "    2.50,", "    {}", "  ],", #"  "b": "x, \"y\": {","#, #"  "c": [],"#,
                #"  "d": 1e400"#, "}",
            ]
        )
        #expect(lines("[[]]") == ["[", "  []", "]"])
        #expect(lines(#""just text""#) == [#""just text""#])
    }

    @Test func `text that is no JSON is shown as it is, without what steers a terminal`() {
        #expect(lines("a\tb\nc\u{1b}[2Jd\u{9b}e") == ["a\tb", "c\u{241B}[2Jd\u{FFFD}e"])
        #expect(lines(#"{"a":"x\#u{202e}fdp"}"#) == ["{", #"  "a": "x\#u{FFFD}fdp""#, "}"])
    }

    @Test func `bytes that are no text are dumped`() {
        #expect(
            BodyText.lines(of: [0xff, 0x41, 0x0a]) == [
                "00000000  ff 41 0a" + String(repeating: " ", count: 41) + ".A."
            ]
        )
    }

    @Test func `nothing says so, and much is cut`() {
        #expect(lines("") == ["(empty)"])
        #expect(lines(String(repeating: "x", count: 20_000)).last == "(3616 more bytes; see --raw)")
        #expect(BodyText.lines(of: [UInt8](repeating: 0xff, count: 5_000)).last == "(904 more bytes; see --raw)")
    }
}
