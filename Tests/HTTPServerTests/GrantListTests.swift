import FlotillaHTTPRouting
import Testing

struct GrantListTests {
    @Test(
        arguments: [
            ("", "empty"), ("profile.", "dot"), (".a", "dot"), ("a..b", "dot"), ("pro*", "whole words"),
            ("a.b#", "whole words"), ("a b", "letters"), ("a.é", "letters"), ("a,b", "letters"),
            (String(repeating: "a", count: 256), "255"),
        ]
    )
    func `a pattern that can't be meant is named`(word: String, problem: String) {
        #expect(GrantList.problem(with: word)?.contains(problem) == true)
    }

    @Test(arguments: ["default", "profile.viewed", "profile.*", "#", "*.cancelled", "a-b.c_d.9", "a.#.z"])
    func `a pattern of words, stars and hashes is taken`(word: String) {
        #expect(GrantList.problem(with: word) == nil)
    }

    @Test func `a list without words allows nothing`() {
        #expect(!GrantList([]).allows("profile.viewed", isGuarded: false))
        #expect(!GrantList([]).allows("", isGuarded: false))
    }

    @Test func `the default has what is not guarded, and is no pattern itself`() {
        let list = GrantList(["default"])
        #expect(list.allows("profile.viewed", isGuarded: false))
        #expect(!list.allows("payment.succeeded", isGuarded: true))
        #expect(!list.allows("default", isGuarded: true))
    }
}
