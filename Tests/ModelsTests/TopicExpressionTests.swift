@testable import FlotillaModels
import Testing

struct TopicExpressionTests {
    /// As the broker applies it: byte by byte, anywhere in the key unless it is anchored.
    private func allows(_ patterns: [String], _ key: String) throws -> Bool {
        let expression = try Regex(TopicPattern.expression(of: patterns)).matchingSemantics(.unicodeScalar)
        return key.firstMatch(of: expression) != nil
    }

    @Test(
        arguments: [
            ("profile.viewed", "profile.viewed", true), ("profile.viewed", "profileXviewed", false),
            ("profile.viewed", "my.profile.viewed", false), ("profile.viewed", "profile.viewed\n", false),
            ("profile.*", "profile.viewed", true), ("profile.*", "profile.viewed.twice", false),
            ("profile.*", "profile", false), ("profile.*", "profile.", true), ("*", "", false), ("*", "a", true),
            ("#", "", true), ("#", "a.b\n.c", true), ("a.#", "a", true), ("a.#", "ab", false), ("a.#", "a.", true),
            ("#.z", "z", true), ("#.z", "a.b.z", true), ("#.z", "xz", false), ("*.#", "", false), ("#.*", "a", true),
            ("a.#.z", "a.z", true), ("a.#.z", "a.b.c.z", true), ("a.#.z", "az", false),
        ]
    )
    func `the expression of a pattern takes what the pattern takes`(pattern: String, key: String, matches: Bool) throws
    {
        #expect(TopicPattern(pattern).matches(key) == matches)
        #expect(try allows([pattern], key) == matches, "\(TopicPattern.expression(of: [pattern]))")
    }

    @Test func `it does for any patterns and keys`() throws {
        var random = SystemRandomNumberGenerator()
        func words(_ choice: [String], _ count: ClosedRange<Int>) -> String {
            (0..<Int.random(in: count, using: &random)).map { _ in choice.randomElement(using: &random) ?? "" }
                .joined(separator: ".")
        }
        for _ in 0..<3_000 {
            let patterns = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                words(["a", "b", "ab", "a-b", "a_b", "*", "#"], 1...5)
            }
            let expression = try Regex(TopicPattern.expression(of: patterns)).matchingSemantics(.unicodeScalar)
            for _ in 0..<10 {
                let key = words(["a", "b", "ab", "a-b", "a_b", "", "é", "\n"], 0...6)
                let expected = patterns.contains { TopicPattern($0).matches(key) }
                let found = key.firstMatch(of: expression) != nil
                #expect(found == expected, "\(patterns) against '\(key)': \(TopicPattern.expression(of: patterns))")
            }
        }
    }

    @Test func `no patterns allow nothing`() throws {
        #expect(TopicPattern.expression(of: []) == "^$")
    }

    @Test(arguments: ["", "a..b", "a.", ".a", "prof*", "a.b#", "a b", "a.(x)", String(repeating: "a", count: 256)])
    func `what is no pattern is refused`(text: String) { #expect(TopicPattern.problem(with: text) != nil) }
}
