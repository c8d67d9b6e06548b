@testable import FlotillaStorage
import Testing

struct InboxTests {
    @Test func `of a repeated id only the first place is fresh`() {
        #expect(Inbox.fresh(inserted: ["a", "b"], of: ["a", "b", "a", "c"]) == [true, true, false, false])
    }

    @Test func `ids that only look alike are told apart`() {
        #expect(Inbox.fresh(inserted: ["e\u{301}"], of: ["\u{e9}", "e\u{301}"]) == [false, true])
    }

    @Test func `an id with bytes that Postgres refuses is kept apart from its neighbours`() {
        let keys = ["a\u{0}", "a\u{1}", "a\u{1}0", "a"]
        let statement = Inbox.insert(consumer: "q", messageIDs: keys)
        guard case .textArray(let stored) = statement.values[1] else {
            Issue.record("the ids are not an array")
            return
        }
        #expect(Set(stored.compactMap { $0 }).count == 4)
        #expect(stored.allSatisfy { $0?.utf8.contains(0) == false })
        #expect(Inbox.fresh(inserted: stored.compactMap { $0 }, of: keys) == [true, true, true, true])
    }
}
