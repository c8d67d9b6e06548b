import FlotillaModels
@testable import FlotillaQuota
import Testing

struct SubscriptionNoticeTests {
    /// The subscription `x`, active from 10 January to 10 February.
    func active() throws -> TestLedger {
        var ledger = TestLedger()
        try ledger.tell(.created, "2026-01-10") { notice in
            notice.plan = "pro"
            notice.status = .active
            notice.periodStart = try TestLedger.time("2026-01-10")
            notice.periodEnd = try TestLedger.time("2026-02-10")
        }
        return ledger
    }

    @Test func `what is created waits for its payment, which activates it`() throws {
        var ledger = TestLedger()
        try ledger.tell(.created, "2026-01-10") { $0.plan = "pro" }
        #expect(ledger.states == ["x pro created"])
        #expect(ledger.periods.isEmpty && ledger.announced.isEmpty)
        try ledger.pay("pro", "1", "2026-01-12")
        #expect(ledger.states == ["x pro active"])
        #expect(ledger.announced == ["subscription.activated"])
    }

    @Test func `what is created as active begins with the period that is told`() throws {
        let ledger = try active()
        #expect(ledger.states == ["x pro active"])
        #expect(ledger.periods == ["2026-1-10 2026-2-10"])
        #expect(ledger.announced == ["subscription.activated"])
    }

    @Test func `the payment for a period that was told of begins no other one`() throws {
        var ledger = try active()
        try ledger.pay("pro", "1", "2026-01-10T00:05:00Z")
        #expect(ledger.periods.count == 1 && ledger.announced.count == 1)
        #expect(ledger.ledger.latePayments.map(\.paymentID) == ["1"])
        try ledger.pay("pro", "2", "2026-02-09")
        #expect(ledger.announced.last == "subscription.renewed")
        #expect(ledger.periods.last == "2026-2-9 2026-3-10")
    }

    @Test func `a repeat, and what is older than what is known, change nothing`() throws {
        var ledger = try active()
        try ledger.tell(.updated, "2026-01-15") { $0.plan = "enterprise" }
        let states = ledger.states
        try ledger.tell(.created, "2026-01-10") { notice in
            notice.plan = "pro"
            notice.status = .active
        }
        try ledger.tell(.updated, "2026-01-14") { $0.plan = "pro" }
        try ledger.tell(.cancelled, "2026-01-14") { $0.cancelsAtEnd = false }
        #expect(states == ["x enterprise active"] && ledger.states == states)
        #expect(ledger.periods.count == 2)
    }

    @Test func `another plan takes over what is left of the period`() throws {
        var ledger = try active()
        try ledger.tell(.updated, "2026-01-20") { $0.plan = "enterprise" }
        #expect(ledger.periods.last == "2026-1-20 2026-2-10")
        #expect(ledger.announced == ["subscription.activated", "subscription.activated"])
    }

    @Test func `a payment goes on by the day of a period that a service told of`() throws {
        var ledger = TestLedger()
        try ledger.tell(.created, "2026-01-31") { notice in
            notice.plan = "pro"
            notice.status = .active
            notice.periodStart = try TestLedger.time("2026-01-31")
            notice.periodEnd = try TestLedger.time("2026-02-28")
        }
        try ledger.pay("pro", "1", "2026-01-31T00:05:00Z")
        try ledger.tell(.renewed, "2026-02-28") { $0.periodEnd = try TestLedger.time("2026-03-31") }
        try ledger.pay("pro", "2", "2026-02-28T00:05:00Z")
        try ledger.pay("pro", "3", "2026-03-31")
        #expect(ledger.periods.last == "2026-3-31 2026-4-30")
        try ledger.tell(.updated, "2026-04-02") { $0.periodEnd = try TestLedger.time("2026-05-12") }
        try ledger.pay("pro", "4", "2026-05-12")
        #expect(ledger.periods.last == "2026-5-12 2026-6-12")
    }

    @Test func `a period from the year 9999 begins now, and later ones follow it`() throws {
        var ledger = TestLedger()
        try ledger.tell(.created, "2026-01-10") { notice in
            notice.plan = "pro"
            notice.status = .active
            notice.periodStart = try TestLedger.time("9999-01-01")
            notice.periodEnd = try TestLedger.time("9999-02-01")
        }
        #expect(ledger.periods == ["2026-1-10 9999-2-1"])
        try ledger.pay("enterprise", "1", "2026-01-20")
        #expect(ledger.periods.last == "2026-1-20 2027-1-20")
        // A renewal told of some days before goes on from the end.
        try ledger.tell(.renewed, nil, "2027-01-15") { notice in
            notice.periodStart = try TestLedger.time("2027-01-20")
            notice.periodEnd = try TestLedger.time("2028-01-20")
        }
        #expect(ledger.periods.last == "2027-1-20 2028-1-20")
    }

    @Test func `an update moves the end`() throws {
        var ledger = try active()
        try ledger.tell(.updated, "2026-01-20") { $0.periodEnd = try TestLedger.time("2026-03-01") }
        #expect(ledger.end(of: "x") == "2026-3-1")
        #expect(ledger.periods.count == 1)
    }

    @Test func `a renewal is known by its end, its payment, or the end that another calendar makes of it`() throws {
        var ledger = TestLedger()
        try ledger.pay("pro", "1", "2026-01-10", for: "x")
        try ledger.pay("pro", "2", "2026-02-08", for: "x")
        #expect(ledger.periods.last == "2026-2-8 2026-3-10")
        for (end, payment) in [("2026-03-10", nil), ("2026-03-12", nil), ("2026-06-10", "2")] as [(String, String?)] {
            try ledger.tell(.renewed, "2026-02-08") { notice in
                notice.periodEnd = try TestLedger.time(end)
                notice.paymentID = payment
            }
        }
        #expect(ledger.periods.count == 2)
        try ledger.tell(.renewed, "2026-06-09") { notice in
            notice.periodStart = try TestLedger.time("2026-06-10")
            notice.periodEnd = try TestLedger.time("2026-07-10")
        }
        #expect(ledger.periods.last == "2026-6-10 2026-7-10")
        #expect(ledger.announced == ["subscription.activated", "subscription.renewed"])
    }

    @Test func `a renewal without its end is refused`() throws {
        var ledger = try active()
        let error = #expect(throws: InvalidPayload.self) { try ledger.tell(.renewed, "2026-02-10") }
        #expect(error?.field == "periodEnd")
    }

    @Test func `a cancelled subscription runs to its end, unless it is to stop at once`() throws {
        var ledger = try active()
        try ledger.tell(.cancelled, "2026-01-20")
        #expect(ledger.states == ["x pro active at end"])
        #expect(ledger.end(of: "x") == "2026-2-10")
        try ledger.tell(.cancelled, "2026-01-21") { $0.cancelsAtEnd = false }
        #expect(ledger.states == ["x pro cancelled"])
        #expect(ledger.end(of: "x") == "2026-1-21")
        #expect(ledger.announced == ["subscription.activated"])
    }

    @Test func `a payment takes a cancellation back`() throws {
        var ledger = try active()
        try ledger.pay("pro", "1", "2026-01-10")
        try ledger.tell(.cancelled, "2026-01-20")
        try ledger.pay("pro", "2", "2026-01-25")
        #expect(ledger.states == ["x pro active"])
        #expect(ledger.announced.last == "subscription.renewed")
    }

    @Test func `a renewal that was said before an immediate cancellation does not revive`() throws {
        var ledger = try active()
        try ledger.tell(.cancelled, "2026-02-09T12:00:00Z") { $0.cancelsAtEnd = false }
        try ledger.tell(.renewed, "2026-02-09T11:00:00Z") { $0.periodEnd = try TestLedger.time("2026-03-10") }
        #expect(ledger.states == ["x pro cancelled"])
    }

    @Test func `what is paid for beyond has not expired, whoever says so`() throws {
        var ledger = try active()
        try ledger.tell(.expired, "2026-01-20")
        #expect(ledger.states == ["x pro active"])
        try ledger.tell(.expired, "2026-02-09T23:59:00Z")
        #expect(ledger.states == ["x pro expired"])
        #expect(ledger.announced == ["subscription.activated"])
        // A picture of it from before its end does not bring it back; one that reaches further does.
        try ledger.tell(.updated, "2026-02-09") { $0.status = .active }
        #expect(ledger.states == ["x pro expired"])
        try ledger.tell(.renewed, "2026-02-09") { $0.periodEnd = try TestLedger.time("2026-03-10") }
        #expect(ledger.states == ["x pro active"])
    }

    @Test(arguments: SubscriptionNotice.Kind.allCases)
    func `what the fleet has published itself changes nothing`(kind: SubscriptionNotice.Kind) throws {
        var ledger = TestLedger()
        try ledger.tell(kind, "2026-02-10") { $0.isOwn = true }
        #expect(ledger.states.isEmpty && ledger.announced.isEmpty)
    }

    @Test func `the fleet's own renewal and expiry change nothing, even under another name`() throws {
        var ledger = TestLedger()
        try ledger.pay("pro", "1", "2026-01-10", for: "x")
        try ledger.pay("pro", "2", "2026-02-08", for: "x")
        let before = ledger.ledger.begun
        try ledger.tell(.renewed, "2026-02-08") { notice in
            notice.paymentID = "2"
            notice.periodStart = try TestLedger.time("2026-02-08")
            notice.periodEnd = try TestLedger.time("2026-03-10")
        }
        // An expiry of the first period that comes after the renewal.
        try ledger.tell(.expired, "2026-02-10") { $0.periodEnd = try TestLedger.time("2026-02-10") }
        #expect(ledger.states == ["x pro active"])
        #expect(ledger.ledger.begun == before)
    }

    @Test(arguments: [SubscriptionNotice.Kind.updated, .renewed, .cancelled, .expired])
    func `a notice about what is not known yet is tried again`(kind: SubscriptionNotice.Kind) throws {
        var ledger = TestLedger()
        #expect(throws: UnknownSubscription.self) {
            try ledger.tell(kind, "2026-01-10") { $0.periodEnd = try TestLedger.time("2026-02-10") }
        }
    }

    @Test func `without an id the present subscription is meant`() throws {
        var ledger = try active()
        try ledger.tell(.cancelled, nil, "2026-01-20")
        #expect(ledger.states == ["x pro active at end"])
    }

    @Test func `another company's subscription is out of reach`() throws {
        let foreign = SubscriptionLedger.Subscription(id: "x", companyID: "d", plan: "pro", status: .active, toldAt: 0)
        var ledger = TestLedger([foreign])
        let error = #expect(throws: InvalidPayload.self) { try ledger.tell(.cancelled, "2026-01-20") }
        #expect(error?.field == "subscriptionId")
        #expect(throws: InvalidPayload.self) { try ledger.pay("pro", "1", "2026-01-20", for: "x") }
    }

    @Test func `notices in any order leave one active subscription, and periods one after the other`()
        throws
    {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var ledger = TestLedger()
            for step in 0..<12 {
                let day = String(format: Int.random(in: 1...28, using: &random))
                let month = String(format: Int.random(in: 1...6, using: &random))
                let moment = "2026-\(month)-\(day)"
                let id = ["x", "y", "z"].randomElement(using: &random)
                switch Int.random(in: 0..<6, using: &random) {
                case 0: try ledger.pay("pro", "\(step % 5)", moment, for: id)
                case 1: try? ledger.tell(.renewed, id, moment) { $0.periodEnd = try TestLedger.time("2026-08-01") }
                case 2: try? ledger.tell(.cancelled, id, moment) { $0.cancelsAtEnd = Bool.random() }
                case 3: try? ledger.tell(.expired, id, moment)
                case 4:
                    try? ledger.tell(.updated, id, moment) { notice in
                        notice.plan = "enterprise"
                        notice.status = .active
                    }
                default: try ledger.tell(.created, id, moment) { $0.plan = "pro" }
                }
            }
            #expect(ledger.ledger.changed.count { $0.status == .active } <= 1)
            let starts = ledger.ledger.begun.map(\.start)
            #expect(starts == starts.sorted() && Set(starts).count == starts.count)
            #expect(ledger.ledger.begun.allSatisfy { $0.start < $0.end })
            #expect(ledger.ledger.changed.allSatisfy { ($0.start ?? 0) < ($0.end ?? 1) })
        }
    }
}

extension String {
    /// Two digits.
    fileprivate init(format number: Int) { self = number < 10 ? "0\(number)" : "\(number)" }
}
