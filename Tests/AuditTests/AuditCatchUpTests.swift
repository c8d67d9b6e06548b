import Testing

@testable import FlotillaAudit

struct AuditCatchUpTests {
    private typealias Sight = AuditCatchUp.Sight
    private let start = ContinuousClock.now

    /// After how many seconds of the sights, one a second, the log is complete.
    private func completion(_ sights: (Int) -> Sight) -> Int? {
        var catchUp = AuditCatchUp()
        return (0..<120).first { catchUp.isComplete(sights($0), at: start + .seconds($0)) }
    }

    @Test func `what the worker has in hand is waited for`() {
        #expect(completion { Sight(ready: 0, unacknowledged: $0 < 40 ? 10 : 0) } == 40)
        #expect(completion { Sight(ready: 0, unacknowledged: $0 < 40 ? 10 : 0, isWriting: false) } == 40)
        // As long as the worker is held.
        #expect(completion { _ in Sight(ready: 0, unacknowledged: 10) } == nil)
    }

    @Test func `numbers from before the queue was empty do not count`() {
        #expect(completion { Sight(ready: $0 < 10 ? 5 : 0, unacknowledged: 0) } == 16)
        #expect(completion { _ in Sight(ready: nil, unacknowledged: 0) } == nil)
    }

    @Test func `on a fleet that is never idle, rows that are written do`() {
        #expect(completion { _ in Sight(ready: 0, unacknowledged: 3, isWriting: true) } == 25)
        #expect(completion { Sight(ready: $0 % 2, unacknowledged: 3, isWriting: true) } == 26)
    }

    @Test func `where nobody can say what is in hand, a while has to do`() {
        #expect(completion { _ in Sight(ready: 0, unacknowledged: nil) } == 25)
    }
}
