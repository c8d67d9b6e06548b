@testable import FlotillaModels
import Testing

struct TopicPatternTests {
    @Test(
        arguments: [
            ("profile.viewed", "profile.viewed", true), ("profile.viewed", "profile.updated", false),
            ("profile.*", "profile.viewed", true), ("profile.*", "profile.viewed.twice", false),
            ("profile.*", "profile", false), ("#", "", true), ("#", "a.b.c", true), ("a.#", "a", true),
            ("a.#.z", "a.z", true), ("a.#.z", "a.b.c.z", true), ("a.#.z", "a.b.c", false), ("*.*", "a.", true),
            ("#.b", "a.b", true), ("", "", true), ("", "a", false), ("#.a.#.b", "a.b.a.b", true), ("#.*", "", false),
            ("#.*.#", "a", true), ("#.a.*.#", "a", false), ("a.#.b.#.c", "a.b.b.c.c", true), ("#.#", "", true),
            ("#.b.c", "b.b.c", true), ("*.#.*", "a", false),
        ]
    )
    func `a pattern matches whole words`(pattern: String, key: String, matches: Bool) {
        #expect(TopicPattern(pattern).matches(key) == matches)
    }

    @Test func `a pattern of many wildcards is answered at once`() {
        let pattern = TopicPattern(Array(repeating: "#", count: 120).joined(separator: ".") + ".x")
        let key = Array(repeating: "a", count: 120).joined(separator: ".")
        let start = ContinuousClock.now
        #expect(!pattern.matches(key))
        #expect(pattern.matches(key + ".x"))
        #expect(ContinuousClock.now - start < .seconds(1))
    }
}
