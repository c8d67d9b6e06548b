import Models
import Storage
import Testing

@testable import Workers

struct SubscriptionBookTests {
    func time(_ text: String) throws -> Int64 { try #require(EventTime.parse(text)) }

    func book(_ current: [SubscriptionBook.Subscription] = [], known: Set<ExactText> = []) -> SubscriptionBook {
        SubscriptionBook(plans: ["pro": 1, "enterprise": 12], current: current, paymentIDs: known)
    }

    func enter(_ book: inout SubscriptionBook, _ plan: String, _ id: String, _ paidAt: String) throws {
        let payment = PaymentSucceeded(companyID: "c", plan: plan)
        try book.enter(payment, id: id, paidAt: try time(paidAt), item: 0, newID: "s-\(id)")
    }

    @Test func `a first payment activates, for the plan's months from the payment on`() throws {
        var book = book()
        try enter(&book, "pro", "1", "2026-01-31T10:00:00Z")
        let change = try #require(book.changes.first)
        #expect(!change.isRenewal)
        #expect(change.subscription.id == "s-1")
        #expect(change.subscription.start == (try time("2026-01-31T10:00:00Z")))
        #expect(change.subscription.end == (try time("2026-02-28T10:00:00Z")))
    }

    @Test func `paying early begins afresh at once and loses nothing of what was paid for`() throws {
        var book = book()
        try enter(&book, "pro", "1", "2026-01-10")
        try enter(&book, "pro", "2", "2026-02-05")
        #expect(book.changes.map(\.isRenewal) == [false, true])
        #expect(book.changes[1].subscription.id == "s-1")
        #expect(book.changes[1].subscription.start == (try time("2026-02-05")))
        #expect(book.changes[1].subscription.end == (try time("2026-03-10")))
        #expect(book.changed.count == 1)
    }

    @Test func `paying after the end renews from the payment on`() throws {
        var book = book()
        try enter(&book, "pro", "1", "2026-01-10")
        try enter(&book, "pro", "2", "2026-05-05")
        #expect(book.changes[1].isRenewal)
        #expect(book.changes[1].subscription.end == (try time("2026-06-05")))
    }

    @Test func `another plan is activated from the payment on`() throws {
        var book = book()
        try enter(&book, "pro", "1", "2026-01-10")
        try enter(&book, "enterprise", "2", "2026-01-20")
        #expect(!book.changes[1].isRenewal)
        #expect(book.changes[1].subscription.end == (try time("2027-01-20")))
    }

    @Test func `a payment counts once, whatever messages bring it`() throws {
        var book = book(known: [ExactText("old")])
        try enter(&book, "pro", "old", "2026-01-10")
        try enter(&book, "pro", "1", "2026-01-10")
        try enter(&book, "pro", "1", "2026-01-10")
        #expect(book.changes.count == 1)
    }

    @Test func `an older payment that arrives late does not turn time back`() throws {
        var book = book()
        try enter(&book, "pro", "2", "2026-02-10")
        try enter(&book, "pro", "1", "2026-01-10")
        #expect(book.changes[1].subscription.start > book.changes[0].subscription.start)
        #expect(book.changes[1].subscription.end == (try time("2026-04-10")))
    }

    @Test func `an unknown plan is refused with the known ones`() throws {
        var book = book()
        let error = #expect(throws: InvalidPayload.self) { try enter(&book, "gold", "1", "2026-01-10") }
        #expect(error?.description == "plan: expected one of enterprise, pro, found another plan")
    }
}
