@testable import FlotillaQuota
import Testing

struct QuotaSnapshotTests {
    static func snapshot(_ start: Int64, _ end: Int64, plan: String = "pro") -> QuotaSnapshot {
        QuotaSnapshot(
            companyID: "c",
            kind: "searches",
            plan: plan,
            start: start,
            end: end,
            limit: nil,
            used: 0,
            overage: 0,
            version: 1
        )
    }

    @Test func `of the periods that hold the moment the one that began last is present`() {
        let states = [(0, 100), (50, 80), (60, 70), (90, 200)].map { (Self.snapshot($0, $1), Int64(0)) }
        func start(_ now: Int64) -> Int64? { QuotaSnapshots.present(states, now: now)?.start }
        #expect([0, 49, 50, 60, 69, 70, 80, 90, 199].map { start($0) } == [0, 0, 50, 60, 60, 50, 0, 90, 90])
        #expect(start(200) == nil && start(-1) == nil)
    }

    @Test func `what was read too long ago is not believed`() {
        let now: Int64 = 1_000_000_000
        for (age, isBelieved) in [(0, true), (10_000_000, true), (10_000_001, false)] as [(Int64, Bool)] {
            let state = (Self.snapshot(0, now * 2), now - age)
            #expect((QuotaSnapshots.present([state], now: now) != nil) == isBelieved)
        }
    }

    @Test(arguments: ["", "1 2 3", "1 2 3 - 4 5", "x 2 3 - 4 5 pro", "1 2 3 - 4  pro"])
    func `what the script can't have written is nothing`(text: String) {
        #expect(QuotaSnapshots.state("c", "searches", start: 0, text) == nil)
    }
}
