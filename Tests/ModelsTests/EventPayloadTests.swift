import Models
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
}
