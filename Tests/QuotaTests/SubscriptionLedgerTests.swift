import FlotillaModels
@testable import FlotillaQuota
import FlotillaStorage
import Testing

/// A book of the company `c`, entered by days.
struct TestLedger {
    var ledger: SubscriptionLedger

    init(
        _ subscriptions: [SubscriptionLedger.Subscription] = [],
        lastStart: Int64? = nil,
        known: Set<ExactText> = []
    ) {
        ledger = SubscriptionLedger(
            plans: ["pro": .init(months: 1, tokens: 10), "enterprise": .init(months: 12)],
            subscriptions: subscriptions,
            lastStarts: lastStart.map { [ExactText("c"): $0] } ?? [:],
            paymentIDs: known
        )
    }

    static func time(_ text: String) throws -> Int64 { try #require(EventTime.parse(text)) }

    mutating func pay(_ plan: String, _ id: String, _ paidAt: String, for subscription: String? = nil) throws {
        let payment = PaymentSucceeded(companyID: "c", plan: plan, subscriptionID: subscription)
        try ledger.enter(payment, id: id, paidAt: try Self.time(paidAt), item: 0, newID: "s-\(id)")
    }

    /// A notice about the subscription `x`.
    mutating func tell(
        _ kind: SubscriptionNotice.Kind,
        _ saidAt: String,
        _ change: (inout SubscriptionNotice) throws -> Void = { _ in }
    ) throws {
        try tell(kind, "x", saidAt, change)
    }

    mutating func tell(
        _ kind: SubscriptionNotice.Kind,
        _ id: String?,
        _ saidAt: String,
        _ change: (inout SubscriptionNotice) throws -> Void = { _ in }
    ) throws {
        var notice = SubscriptionNotice(companyID: "c", subscriptionID: id)
        try change(&notice)
        let saidAt = try Self.time(saidAt)
        try ledger.enter(kind, notice, saidAt: saidAt, receivedAt: saidAt, item: 0)
    }

    /// The subscriptions that have changed, and what holds of each.
    var states: [String] {
        ledger.changed.map { "\($0.id) \($0.plan) \($0.status.rawValue)\($0.cancelsAtEnd ? " at end" : "")" }
    }

    var announced: [String] { ledger.pendingEvents.map(\.name) }

    /// The periods that have begun, as the days of their begin and end.
    var periods: [String] { ledger.begun.map { "\(Self.day($0.start)) \(Self.day($0.end))" } }

    func end(of id: String) -> String? {
        ledger.changed.first { $0.id == id }?.end.map(Self.day)
    }

    static func day(_ time: Int64) -> String {
        let month = CalendarMonth(containing: time)
        return "\(month.year)-\(month.month)-\((time - month.start) / 86_400_000_000 + 1)"
    }
}

struct SubscriptionLedgerTests {
    @Test func `a first payment activates, for the plan's months from the payment on`() throws {
        var ledger = TestLedger()
        try ledger.pay("pro", "1", "2026-01-31T10:00:00Z")
        #expect(ledger.announced == ["subscription.activated"])
        #expect(ledger.states == ["s-1 pro active"])
        let period = try #require(ledger.ledger.begun.first)
        #expect(period.start == (try TestLedger.time("2026-01-31T10:00:00Z")))
        #expect(period.end == (try TestLedger.time("2026-02-28T10:00:00Z")))
        #expect(period.tokens == 10)
    }

    @Test func `paying early begins afresh at once and loses nothing of what was paid for`() throws {
        var ledger = TestLedger()
        try ledger.pay("pro", "1", "2026-01-10")
        try ledger.pay("pro", "2", "2026-02-05")
        #expect(ledger.announced == ["subscription.activated", "subscription.renewed"])
        #expect(ledger.periods == ["2026-1-10 2026-2-10", "2026-2-5 2026-3-10"])
        #expect(ledger.states == ["s-1 pro active"])
    }

    @Test func `paying after the end renews from the payment on`() throws {
        var ledger = TestLedger()
        try ledger.pay("pro", "1", "2026-01-10")
        try ledger.pay("pro", "2", "2026-05-05")
        #expect(ledger.announced.last == "subscription.renewed")
        #expect(ledger.periods.last == "2026-5-5 2026-6-5")
    }

    @Test func `what began on the 31st ends on the last day of each month`() throws {
        var ledger = TestLedger()
        let ends = ["2026-2-28", "2026-3-31", "2026-4-30", "2026-5-31"]
        // Early, on the very end, and a little after it, as payment services do.
        for paidAt in ["2026-01-31T10:00:00Z", "2026-02-20", "2026-03-31T10:00:00Z", "2026-04-30T10:07:00Z"] {
            try ledger.pay("pro", "\(paidAt)", paidAt)
        }
        #expect(ledger.periods.compactMap { $0.split(separator: " ").last.map(String.init) } == ends)
        #expect(ledger.announced.dropFirst().allSatisfy { $0 == "subscription.renewed" })
    }

    @Test func `a year that began on 29 February ends on that day when there is one`() throws {
        var ledger = TestLedger()
        for year in 2024...2027 {
            try ledger.pay("enterprise", "\(year)", year == 2024 ? "2024-02-29" : "\(year)-02-28")
        }
        #expect(ledger.periods.last == "2027-2-28 2028-2-29")
    }

    @Test func `a pause, and another plan, begin with a day of their own`() throws {
        var ledger = TestLedger()
        try ledger.pay("pro", "1", "2026-01-31")
        try ledger.pay("pro", "2", "2026-03-30")
        #expect(ledger.periods.last == "2026-3-30 2026-4-30")
        try ledger.pay("pro", "3", "2026-04-30")
        #expect(ledger.periods.last == "2026-4-30 2026-5-30")
        try ledger.pay("enterprise", "4", "2026-05-30")
        #expect(ledger.periods.last == "2026-5-30 2027-5-30")
    }

    @Test func `another plan is activated from the payment on`() throws {
        var ledger = TestLedger()
        try ledger.pay("pro", "1", "2026-01-10")
        try ledger.pay("enterprise", "2", "2026-01-20")
        #expect(ledger.announced == ["subscription.activated", "subscription.activated"])
        #expect(ledger.periods.last == "2026-1-20 2027-1-20")
    }

    @Test func `a payment counts once, whatever messages bring it`() throws {
        var ledger = TestLedger(known: [ExactText("old")])
        try ledger.pay("pro", "old", "2026-01-10")
        try ledger.pay("pro", "1", "2026-01-10")
        try ledger.pay("pro", "1", "2026-01-10")
        #expect(ledger.periods.count == 1)
    }

    @Test func `an older payment that arrives late does not turn time back`() throws {
        var ledger = TestLedger()
        try ledger.pay("pro", "2", "2026-02-10")
        try ledger.pay("pro", "1", "2026-01-10")
        #expect(ledger.ledger.begun[1].start > ledger.ledger.begun[0].start)
        #expect(ledger.periods[1] == "2026-2-10 2026-4-10")
    }

    @Test func `a payment made before the end renews, though it comes after the subscription has expired`() throws {
        let expired = SubscriptionLedger.Subscription(
            id: "s",
            companyID: "c",
            plan: "pro",
            status: .expired,
            start: try TestLedger.time("2026-01-10"),
            end: try TestLedger.time("2026-02-10"),
            toldAt: try TestLedger.time("2026-01-10")
        )
        var ledger = TestLedger([expired], lastStart: expired.start)
        try ledger.pay("pro", "1", "2026-02-09")
        #expect(ledger.states == ["s pro active"])
        #expect(ledger.periods == ["2026-2-9 2026-3-10"])
        var later = TestLedger([expired], lastStart: expired.start)
        try later.pay("pro", "1", "2026-02-11")
        #expect(later.states == ["s-1 pro active"])
        #expect(later.announced == ["subscription.activated"])
    }

    @Test func `a payment that names a subscription is for that one`() throws {
        var ledger = TestLedger()
        try ledger.tell(.created, "a", "2026-01-01") { $0.plan = "pro" }
        try ledger.tell(.created, "b", "2026-01-01") { $0.plan = "pro" }
        try ledger.pay("pro", "1", "2026-01-10", for: "a")
        #expect(ledger.states == ["a pro active", "b pro created"])
        try ledger.pay("pro", "2", "2026-01-11", for: "b")
        #expect(ledger.states == ["a pro cancelled", "b pro active"])
        #expect(ledger.end(of: "a") == "2026-1-11")
    }

    @Test func `an unknown plan is refused with the known ones`() throws {
        var ledger = TestLedger()
        let error = #expect(throws: InvalidPayload.self) { try ledger.pay("gold", "1", "2026-01-10") }
        #expect(error?.description == "plan: expected one of enterprise, pro, found another plan")
    }
}
