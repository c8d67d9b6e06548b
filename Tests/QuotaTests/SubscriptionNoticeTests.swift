import FlotillaModels
@testable import FlotillaQuota
import Testing

struct SubscriptionNoticeTests {
    /// The subscription `x`, active from 10 January to 10 February.
    func active() throws -> TestBook {
        var book = TestBook()
        try book.tell(.created, "2026-01-10") { notice in
            notice.plan = "pro"
            notice.status = .active
            notice.periodStart = try TestBook.time("2026-01-10")
            notice.periodEnd = try TestBook.time("2026-02-10")
        }
        return book
    }

    @Test func `what is created waits for its payment, which activates it`() throws {
        var book = TestBook()
        try book.tell(.created, "2026-01-10") { $0.plan = "pro" }
        #expect(book.states == ["x pro created"])
        #expect(book.periods.isEmpty && book.announced.isEmpty)
        try book.pay("pro", "1", "2026-01-12")
        #expect(book.states == ["x pro active"])
        #expect(book.announced == ["subscription.activated"])
    }

    @Test func `what is created as active begins with the period that is told`() throws {
        let book = try active()
        #expect(book.states == ["x pro active"])
        #expect(book.periods == ["2026-1-10 2026-2-10"])
        #expect(book.announced == ["subscription.activated"])
    }

    @Test func `the payment for a period that was told of begins no other one`() throws {
        var book = try active()
        try book.pay("pro", "1", "2026-01-10T00:05:00Z")
        #expect(book.periods.count == 1 && book.announced.count == 1)
        #expect(book.book.settlements.map(\.paymentID) == ["1"])
        try book.pay("pro", "2", "2026-02-09")
        #expect(book.announced.last == "subscription.renewed")
        #expect(book.periods.last == "2026-2-9 2026-3-10")
    }

    @Test func `a repeat, and what is older than what is known, change nothing`() throws {
        var book = try active()
        try book.tell(.updated, "2026-01-15") { $0.plan = "enterprise" }
        let states = book.states
        try book.tell(.created, "2026-01-10") { notice in
            notice.plan = "pro"
            notice.status = .active
        }
        try book.tell(.updated, "2026-01-14") { $0.plan = "pro" }
        try book.tell(.cancelled, "2026-01-14") { $0.cancelsAtEnd = false }
        #expect(states == ["x enterprise active"] && book.states == states)
        #expect(book.periods.count == 2)
    }

    @Test func `another plan takes over what is left of the period`() throws {
        var book = try active()
        try book.tell(.updated, "2026-01-20") { $0.plan = "enterprise" }
        #expect(book.periods.last == "2026-1-20 2026-2-10")
        #expect(book.announced == ["subscription.activated", "subscription.activated"])
    }

    @Test func `an update moves the end`() throws {
        var book = try active()
        try book.tell(.updated, "2026-01-20") { $0.periodEnd = try TestBook.time("2026-03-01") }
        #expect(book.end(of: "x") == "2026-3-1")
        #expect(book.periods.count == 1)
    }

    @Test func `a renewal is known by its end, its payment, or the end that another calendar makes of it`() throws {
        var book = TestBook()
        try book.pay("pro", "1", "2026-01-10", for: "x")
        try book.pay("pro", "2", "2026-02-08", for: "x")
        #expect(book.periods.last == "2026-2-8 2026-3-10")
        for (end, payment) in [("2026-03-10", nil), ("2026-03-12", nil), ("2026-06-10", "2")] as [(String, String?)] {
            try book.tell(.renewed, "2026-02-08") { notice in
                notice.periodEnd = try TestBook.time(end)
                notice.paymentID = payment
            }
        }
        #expect(book.periods.count == 2)
        try book.tell(.renewed, "2026-06-09") { notice in
            notice.periodStart = try TestBook.time("2026-06-10")
            notice.periodEnd = try TestBook.time("2026-07-10")
        }
        #expect(book.periods.last == "2026-6-10 2026-7-10")
        #expect(book.announced == ["subscription.activated", "subscription.renewed"])
    }

    @Test func `a renewal without its end is refused`() throws {
        var book = try active()
        let error = #expect(throws: InvalidPayload.self) { try book.tell(.renewed, "2026-02-10") }
        #expect(error?.field == "periodEnd")
    }

    @Test func `a cancelled subscription runs to its end, unless it is to stop at once`() throws {
        var book = try active()
        try book.tell(.cancelled, "2026-01-20")
        #expect(book.states == ["x pro active at end"])
        #expect(book.end(of: "x") == "2026-2-10")
        try book.tell(.cancelled, "2026-01-21") { $0.cancelsAtEnd = false }
        #expect(book.states == ["x pro cancelled"])
        #expect(book.end(of: "x") == "2026-1-21")
        #expect(book.announced == ["subscription.activated"])
    }

    @Test func `a payment takes a cancellation back`() throws {
        var book = try active()
        try book.pay("pro", "1", "2026-01-10")
        try book.tell(.cancelled, "2026-01-20")
        try book.pay("pro", "2", "2026-01-25")
        #expect(book.states == ["x pro active"])
        #expect(book.announced.last == "subscription.renewed")
    }

    @Test func `a renewal that was said before an immediate cancellation does not revive`() throws {
        var book = try active()
        try book.tell(.cancelled, "2026-02-09T12:00:00Z") { $0.cancelsAtEnd = false }
        try book.tell(.renewed, "2026-02-09T11:00:00Z") { $0.periodEnd = try TestBook.time("2026-03-10") }
        #expect(book.states == ["x pro cancelled"])
    }

    @Test func `what is paid for beyond has not expired, whoever says so`() throws {
        var book = try active()
        try book.tell(.expired, "2026-01-20")
        #expect(book.states == ["x pro active"])
        try book.tell(.expired, "2026-02-09T23:59:00Z")
        #expect(book.states == ["x pro expired"])
        #expect(book.announced == ["subscription.activated"])
        // A picture of it from before its end does not bring it back; one that reaches further does.
        try book.tell(.updated, "2026-02-09") { $0.status = .active }
        #expect(book.states == ["x pro expired"])
        try book.tell(.renewed, "2026-02-09") { $0.periodEnd = try TestBook.time("2026-03-10") }
        #expect(book.states == ["x pro active"])
    }

    @Test(arguments: SubscriptionNotice.Kind.allCases)
    func `what the fleet has published itself changes nothing`(kind: SubscriptionNotice.Kind) throws {
        var book = TestBook()
        try book.tell(kind, "2026-02-10") { $0.isOwn = true }
        #expect(book.states.isEmpty && book.announced.isEmpty)
    }

    @Test func `the fleet's own renewal and expiry change nothing, even under another name`() throws {
        var book = TestBook()
        try book.pay("pro", "1", "2026-01-10", for: "x")
        try book.pay("pro", "2", "2026-02-08", for: "x")
        let before = book.book.begun
        try book.tell(.renewed, "2026-02-08") { notice in
            notice.paymentID = "2"
            notice.periodStart = try TestBook.time("2026-02-08")
            notice.periodEnd = try TestBook.time("2026-03-10")
        }
        // An expiry of the first period that comes after the renewal.
        try book.tell(.expired, "2026-02-10") { $0.periodEnd = try TestBook.time("2026-02-10") }
        #expect(book.states == ["x pro active"])
        #expect(book.book.begun == before)
    }

    @Test(arguments: [SubscriptionNotice.Kind.updated, .renewed, .cancelled, .expired])
    func `a notice about what is not known yet is tried again`(kind: SubscriptionNotice.Kind) throws {
        var book = TestBook()
        #expect(throws: UnknownSubscription.self) {
            try book.tell(kind, "2026-01-10") { $0.periodEnd = try TestBook.time("2026-02-10") }
        }
    }

    @Test func `without an id the present subscription is meant`() throws {
        var book = try active()
        try book.tell(.cancelled, nil, "2026-01-20")
        #expect(book.states == ["x pro active at end"])
    }

    @Test func `another company's subscription is out of reach`() throws {
        let foreign = SubscriptionBook.Subscription(id: "x", companyID: "d", plan: "pro", status: .active, toldAt: 0)
        var book = TestBook([foreign])
        let error = #expect(throws: InvalidPayload.self) { try book.tell(.cancelled, "2026-01-20") }
        #expect(error?.field == "subscriptionId")
        #expect(throws: InvalidPayload.self) { try book.pay("pro", "1", "2026-01-20", for: "x") }
    }

    @Test func `notices in any order leave one active subscription, and periods one after the other`()
        throws
    {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var book = TestBook()
            for step in 0..<12 {
                let day = String(format: Int.random(in: 1...28, using: &random))
                let month = String(format: Int.random(in: 1...6, using: &random))
                let moment = "2026-\(month)-\(day)"
                let id = ["x", "y", "z"].randomElement(using: &random)
                switch Int.random(in: 0..<6, using: &random) {
                case 0: try book.pay("pro", "\(step % 5)", moment, for: id)
                case 1: try? book.tell(.renewed, id, moment) { $0.periodEnd = try TestBook.time("2026-08-01") }
                case 2: try? book.tell(.cancelled, id, moment) { $0.cancelsAtEnd = Bool.random() }
                case 3: try? book.tell(.expired, id, moment)
                case 4:
                    try? book.tell(.updated, id, moment) { notice in
                        notice.plan = "enterprise"
                        notice.status = .active
                    }
                default: try book.tell(.created, id, moment) { $0.plan = "pro" }
                }
            }
            #expect(book.book.changed.count { $0.status == .active } <= 1)
            let starts = book.book.begun.map(\.start)
            #expect(starts == starts.sorted() && Set(starts).count == starts.count)
            #expect(book.book.begun.allSatisfy { $0.start < $0.end })
            #expect(book.book.changed.allSatisfy { ($0.start ?? 0) < ($0.end ?? 1) })
        }
    }
}

extension String {
    /// Two digits.
    fileprivate init(format number: Int) { self = number < 10 ? "0\(number)" : "\(number)" }
}
