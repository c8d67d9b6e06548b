import FlotillaModels
import FlotillaQuota
import Testing

struct EventPayloadTests {
    func decode<Payload: Decodable>(_ type: Payload.Type, _ body: String) throws -> Payload {
        try PayloadDecoder.decode(type, from: Array(body.utf8))
    }

    @Test(arguments: [
        #"{"companyId":"42"}"#, #"{"company_id":42}"#, #"{"customerId":42}"#, #"{"companyId":null,"customer_id":"42"}"#,
        #"{"eventType":"profile.viewed","data":{"companyId":42}}"#, #"{"metadata":{"company_id":"42"}}"#,
        #"{"data":{"metadata":{"companyId":"42"}}}"#,
    ])
    func `a company is found under every name that services use`(body: String) throws {
        #expect(try decode(ProfileViewed.self, body).companyID == "42")
    }

    @Test func `a profile view is read with who, what and when`() throws {
        let body = #"{"companyId":"c","profileId":7,"recruiterId":"r","timestamp":"2026-01-30T03:00:00Z"}"#
        let expected = ProfileViewed(companyID: "c", profileID: "7", viewerID: "r", occurredAt: 1_769_742_000_000_000)
        #expect(try decode(ProfileViewed.self, body) == expected)
    }

    @Test(arguments: [
        ("{}", "companyId: missing"), (#"{"companyId":null}"#, "companyId: missing"),
        (#"{"companyId":""}"#, "companyId: expected a text, found an empty one"),
        (#"{"company_id":{}}"#, "company_id: expected a string or an integer, found an object"),
        (#"{"companyId":1.5}"#, "companyId: expected a string or an integer, found a number"),
        (#"{"companyId":"a\u0000"}"#, "companyId: expected text, found the character U+0000"),
        (#"{"companyId":"a","timestamp":"soon"}"#, "timestamp: expected an ISO 8601 time, found other text"),
        (#"{"companyId":"a","occurredAt":[]}"#, "occurredAt: expected an ISO 8601 time, found an array"),
        (#"{"data":{"companyId":true}}"#, "data.companyId: expected a string or an integer, found true or false"),
        ("[]", "expected an object, found an array"),
    ])
    func `a profile view that can't be counted names its field`(body: String, problem: String) {
        let error = #expect(throws: InvalidPayload.self) { try decode(ProfileViewed.self, body) }
        #expect(error?.description == problem)
    }

    @Test func `a payment is read in its own form`() throws {
        let body = #"{"paymentId":"p1","companyId":"c","plan":"Pro","paidAt":1769742000}"#
        let expected = PaymentSucceeded(companyID: "c", plan: "pro", paymentID: "p1", paidAt: 1_769_742_000_000_000)
        #expect(try decode(PaymentSucceeded.self, body) == expected)
    }

    @Test func `a payment is read in the form of a payment service's webhook`() throws {
        let body = #"""
            {"eventType":"payment.completed","paymentIntentId":"pi_1","status":"completed","timestamp":"2026-01-30T04:00:00Z",
             "data":{"payment_service_id":"pay_1","gateway":"stripe","amount":99.99,"currency":"EUR",
                     "completed_at":"2026-01-30T03:00:00Z","metadata":{"companyId":12,"plan":"enterprise"}}}
            """#
        let payment = try decode(PaymentSucceeded.self, body)
        #expect(payment.companyID == "12" && payment.plan == "enterprise" && payment.paymentID == "pi_1")
        #expect(payment.paidAt == 1_769_745_600_000_000)
    }

    @Test(arguments: [
        (#"{"plan":"pro"}"#, "companyId: missing"), (#"{"companyId":"c"}"#, "plan: missing"),
        (
            #"{"companyId":"c","plan":"pro","status":"failed"}"#,
            "status: expected succeeded or completed, found another status"
        ),
    ])
    func `a payment that buys nothing names its field`(body: String, problem: String) {
        let error = #expect(throws: InvalidPayload.self) { try decode(PaymentSucceeded.self, body) }
        #expect(error?.description == problem)
    }

    @Test func `a search counts for its company, or for nobody`() throws {
        let body = #"{"customer_id":7,"query":"swift","timestamp":"2026-01-30T03:00:00Z"}"#
        let expected = SearchPerformed(companyID: "7", occurredAt: 1_769_742_000_000_000)
        #expect(try decode(SearchPerformed.self, body) == expected)
        #expect(try decode(SearchPerformed.self, #"{"userId":"admin"}"#).companyID == nil)
    }

    @Test func `a token event tells the number of tokens from what was paid for them`() throws {
        let body = #"{"customerId":"c","amount":49.9,"data":{"tokens":"50"},"purchaseId":7,"timestamp":1769742000}"#
        let expected = TokenEvent(companyID: "c", tokens: 50, reference: "7", occurredAt: 1_769_742_000_000_000)
        #expect(try decode(TokenEvent.self, body) == expected)
    }

    @Test(arguments: [
        (#"{"tokens":1}"#, "companyId: missing"),
        (#"{"companyId":"c","tokens":0}"#, "tokens: expected a whole number from 1 to 1000000000000, found 0"),
        (#"{"companyId":"c","tokens":-5}"#, "tokens: expected a whole number from 1 to 1000000000000, found -5"),
        (
            #"{"companyId":"c","amount":49.9}"#,
            "amount: expected a whole number from 1 to 1000000000000, found something else"
        ),
        (#"{"companyId":"c","tokens":[]}"#, "tokens: expected a whole number from 1 to 1000000000000, found an array"),
    ])
    func `a token event that can't be entered names its field`(body: String, problem: String) {
        let error = #expect(throws: InvalidPayload.self) { try decode(TokenEvent.self, body) }
        #expect(error?.description == problem)
    }

    @Test func `a notice of a subscription is read under the names that services use`() throws {
        let body = #"""
            {"customerId":"c","subscription_id":5,"planCode":"PRO","status":"canceled","cancel_at_period_end":true,
             "data":{"current_period_start":"2026-01-30T03:00:00Z","endDate":"2026-02-28T03:00:00Z"},
             "paymentId":"p","timestamp":"2026-01-30T03:00:00Z"}
            """#
        let notice = try decode(SubscriptionNotice.self, body)
        #expect(notice.companyID == "c" && notice.subscriptionID == "5" && notice.plan == "pro")
        #expect(notice.status == .cancelled && notice.cancelsAtEnd == true && notice.paymentID == "p")
        #expect(notice.periodStart == 1_769_742_000_000_000 && notice.periodEnd == 1_772_247_600_000_000)
        #expect(!notice.isOwn)
        #expect(try decode(SubscriptionNotice.self, #"{"companyId":"c","immediate":true}"#).cancelsAtEnd == false)
        #expect(try decode(SubscriptionNotice.self, #"{"companyId":"c","service":"flotilla"}"#).isOwn)
    }

    @Test(arguments: [
        (#"{"subscriptionId":"s"}"#, "companyId: missing"),
        (
            #"{"companyId":"c","status":"dormant"}"#,
            "status: expected one of created, active, cancelled, expired, found another status"
        ),
        (
            #"{"companyId":"c","periodStart":"2026-02-01","periodEnd":"2026-01-01"}"#,
            "periodEnd: expected a time after periodStart, found an earlier one"
        ),
        (#"{"companyId":"c","atPeriodEnd":"yes"}"#, "atPeriodEnd: expected true or false, found something else"),
    ])
    func `a notice that can't be read names its field`(body: String, problem: String) {
        let error = #expect(throws: InvalidPayload.self) { try decode(SubscriptionNotice.self, body) }
        #expect(error?.description == problem)
    }
}
