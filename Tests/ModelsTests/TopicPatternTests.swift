@testable import FlotillaModels
import Testing

struct TopicPatternTests {
    @Test(
        arguments: [
            ("profile.viewed", "profile.viewed", true), ("profile.viewed", "profile.updated", false),
            ("profile.*", "profile.viewed", true), ("profile.*", "profile.viewed.twice", false),
            ("profile.*", "profile", false), ("#", "", true), ("#", "a.b.c", true), ("a.#", "a", true),
            ("a.#.z", "a.z", true), ("a.#.z", "a.b.c.z", true), ("a.#.z", "a.b.c", false), ("*.*", "a.", true),
            ("#.b", "a.b", true), ("", "", true), ("", "a", false),
        ]
    )
    func `a pattern matches whole words`(pattern: String, key: String, matches: Bool) {
        #expect(TopicPattern(pattern).matches(key) == matches)
    }
}
