import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
@testable import FlotillaWebhooks
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable && StandIn.isAvailable))
struct WebhookDeliveryTests {
    @Test func `a webhook arrives as it was handed in, signed, with the correlation id`() async throws {
        try await WebhookFixture.with { fixture in
            let secret = try await fixture.add("core", "/hooks?x=1")
            let body = "{ \"n\" : 1,\n \"é\":\"\\u00e9\" }"
            let id = try await fixture.post("ticket.completed", body, correlationID: "c-1")
            let delivery = try #require(try await fixture.waiting().first)
            #expect(await fixture.deliver(delivery).isDone)
            let request = try #require(try fixture.requests().first)
            #expect(request.path == "/hooks?x=1" && request.body == Array(body.utf8))
            #expect(request.headers["webhook-id"] == id && id.hasPrefix("msg_"))
            #expect(request.headers["x-correlation-id"] == "c-1")
            #expect(request.headers["content-type"] == "application/json")
            #expect(request.isSigned(by: secret) && !request.isSigned(by: .generate()))
            let states = try await fixture.states()
            #expect(states == ["delivered 1 -"])
            // A duplicate of the message sends nothing.
            #expect(await fixture.deliver(delivery).isDone)
            #expect(try fixture.requests().count == 1)
        }
    }

    @Test func `the id is the same on every attempt, and every attempt has its own time and signature`() async throws {
        try await WebhookFixture.with { fixture in
            let secret = try await fixture.add("core", "/flaky/2")
            let (id, first) = try await fixture.postAndDeliver()
            #expect(first.failureText == "core: status 500")
            let second = await fixture.deliver(id, attempt: 2)
            #expect(second.failureType == "undelivered_webhook")
            #expect(await fixture.deliver(id, attempt: 3).isDone)
            let requests = try fixture.requests()
            #expect(requests.count == 3 && Set(requests.map { $0.headers["webhook-id"] ?? "" }).count == 1)
            #expect(requests.allSatisfy { $0.isSigned(by: secret) })
            let log = try await WebhookAttempt.list(in: fixture.pool, endpoint: "core", limit: 10)
            #expect(log.map(\.number) == [3, 2, 1] && log.map(\.status) == [200, 500, 500])
            #expect(log.map(\.error) == [nil, "status 500", "status 500"])
            let failed = try await WebhookAttempt.list(in: fixture.pool, onlyFailed: true, limit: 10)
            #expect(failed.map(\.number) == [2, 1])
        }
    }

    @Test func `an answer that is no HTTP is a failed attempt, and tried again`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/garble/1")
            let (id, first) = try await fixture.postAndDeliver()
            #expect(first.failureType == "undelivered_webhook")
            #expect(await fixture.deliver(id, attempt: 2).isDone)
        }
    }

    @Test(arguments: [200, 201, 204, 299]) func `a status from 200 to 299 is a success`(status: Int) async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/status/\(status)")
            let (_, result) = try await fixture.postAndDeliver()
            #expect(result.isDone)
        }
    }

    @Test(arguments: [300, 301, 302, 307, 400, 401, 404, 409, 422, 500, 501])
    func `any other status is a failure that is tried again`(status: Int) async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/status/\(status)")
            let (_, result) = try await fixture.postAndDeliver()
            #expect(result.failureType == "undelivered_webhook" && !result.isPermanent)
            let states = try await fixture.states()
            #expect(states[0].hasPrefix("queued 1 status \(status)"))
            let log = try await WebhookAttempt.list(in: fixture.pool, limit: 1)
            #expect(log.first?.answer == "the answer")
        }
    }

    @Test func `a redirect is not followed`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/redirect/http://127.0.0.1:\(fixture.receiver.port)/elsewhere")
            let (_, result) = try await fixture.postAndDeliver()
            #expect(result.failureText.contains("redirects are not followed"))
            #expect(try fixture.requests().count == 1)
        }
    }

    @Test func `410 disables the endpoint and says so; what waits becomes a dead letter until it is enabled`()
        async throws
    {
        try await WebhookFixture.with(goneAfter: .zero, goneAnswers: 1) { fixture in
            try await fixture.add("core", "/status/410")
            try await fixture.post()
            let (id, result) = try await fixture.postAndDeliver()
            #expect(result.isPermanent && result.failureType == "webhook_endpoint_gone")
            let listed = try await fixture.endpoints.list()
            #expect(
                listed[0].isEnabled == false
                    && listed[0].disabledReason?.hasPrefix("it has answered 410 Gone since") == true
            )
            let events = try await fixture.strings(
                "SELECT routing_key FROM outbox WHERE routing_key = 'webhook.disabled'"
            )
            #expect(events.count == 1)
            let other = try #require(try await fixture.waiting().first)
            #expect(await fixture.deliver(other).failureType == "webhook_endpoint_disabled")
            #expect(try fixture.requests().count == 1)
            // What comes now waits until somebody asks for it.
            try await fixture.post()
            let missed = try await fixture.strings(
                """
                SELECT event FROM webhook_messages AS message
                JOIN webhook_deliveries AS delivery ON delivery.message_id = message.id
                WHERE status = 'missed' ORDER BY message.created_at
                """
            )
            #expect(missed == ["webhook.disabled", "ticket.completed"])
            #expect(try await fixture.waiting().isEmpty)
            // Enabled, and sent back from the dead letters, it goes out.
            try await fixture.endpoints.enable("core", true, reason: nil)
            #expect(await fixture.deliver(other, isReplay: true).failureType == "webhook_endpoint_gone")
            #expect(try fixture.requests().count == 2)
            #expect(await fixture.deliver(id).isPermanent)
            #expect(try fixture.requests().count == 2)
        }
    }

    @Test func `a single 410 is an attempt that failed; several over a day disable the endpoint`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/status/410")
            for _ in 1...3 { #expect(try await !fixture.postAndDeliver().result.isPermanent) }
            #expect(try await fixture.endpoints.list()[0].isEnabled)
            _ = try await fixture.strings(
                "UPDATE webhook_endpoints SET gone_since = now() - interval '25 hours' RETURNING name"
            )
            #expect(try await fixture.postAndDeliver().result.failureType == "webhook_endpoint_gone")
            #expect(try await fixture.endpoints.list()[0].isEnabled == false)
        }
    }

    @Test func `a success forgets the 410s before it`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/status/410")
            _ = try await fixture.postAndDeliver()
            let gone = "SELECT gone_answers::text FROM webhook_endpoints WHERE gone_since IS NOT NULL"
            #expect(try await fixture.strings(gone) == ["1"])
            _ = try await fixture.strings(
                "UPDATE webhook_endpoints SET url = replace(url, '/status/410', '/') RETURNING id"
            )
            #expect(try await fixture.postAndDeliver().result.isDone)
            #expect(try await fixture.strings(gone) == [])
        }
    }

    @Test
    func
        `what waited for an endpoint when it was disabled is counted for it, and found by what its reason begins with`()
        async throws
    {
        try await WebhookFixture.with { fixture in
            try await fixture.add("crm")
            try await fixture.add("crm.eu")
            for _ in 1...2 { try await fixture.post() }
            for name in ["crm", "crm.eu"] { try await fixture.endpoints.enable(name, false, reason: "moved") }
            let texts = ["crm", "crm.eu"].map { WebhookDelivery.disabledText(of: $0) }
            var found: [String: Int] = [:]
            for id in try await fixture.waiting() {
                let result = await fixture.deliver(id)
                #expect(result.failureType == WebhookDelivery.disabledType)
                for text in texts where result.failureText.contains(text) { found[text, default: 0] += 1 }
            }
            #expect(found == [texts[0]: 2, texts[1]: 2])
            try await fixture.endpoints.enable("crm", true, reason: nil)
            try await fixture.fileAll()
            #expect(try await fixture.endpoints.givenUp(by: "crm") == 2)
            let again = try await fixture.strings(
                """
                SELECT id FROM webhook_deliveries WHERE status = 'failed'
                    AND endpoint_id = (SELECT id FROM webhook_endpoints WHERE name = 'crm') LIMIT 1
                """
            )
            #expect(await fixture.deliver(again[0], isReplay: true).isDone)
            #expect(try await fixture.endpoints.givenUp(by: "crm") == 1)
            _ = try await fixture.strings("UPDATE dead_letters SET state = 'archived' RETURNING queue")
            #expect(try await fixture.endpoints.givenUp(by: "crm") == 0)
        }
    }

    @Test func `what an endpoint missed while it was disabled is sent from the given time on, once`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/hooks")
            try await fixture.endpoints.enable("core", false, reason: "moved")
            let long = try await fixture.post("ticket.completed", #"{"n":"long ago"}"#)
            _ = try await fixture.strings(
                "UPDATE webhook_messages SET created_at = now() - interval '2 days' WHERE id = $1 RETURNING id",
                [.text(long)]
            )
            for number in 1...600 { try await fixture.post("ticket.completed", #"{"n":\#(number)}"#) }
            #expect(try await fixture.waiting().isEmpty)
            #expect(try await fixture.strings("SELECT id::text FROM outbox").isEmpty)
            try await fixture.endpoints.enable("core", true, reason: nil)
            #expect(try await fixture.endpoints.missed(by: "core") == 601)
            let yesterday = WallClock.microseconds() - 86_400_000_000
            #expect(try await fixture.endpoints.sendMissed(to: "core", since: yesterday, by: fixture.outbox) == 600)
            #expect(try await fixture.endpoints.sendMissed(to: "core", since: yesterday, by: fixture.outbox) == 0)
            #expect(try await fixture.endpoints.missed(by: "core") == 1)
            #expect(try await fixture.waiting().count == 600)
            #expect(try await fixture.strings("SELECT routing_key FROM outbox").count == 600)
            let first = try #require(try await fixture.waiting().first)
            #expect(await fixture.deliver(first).isDone)
            #expect(try fixture.requests().first?.body == Array(#"{"n":1}"#.utf8))
        }
    }

    @Test func `the other endpoints are told of one that is disabled, without its address`() async throws {
        try await WebhookFixture.with(goneAfter: .zero, goneAnswers: 1) { fixture in
            try await fixture.add("gone", "/status/410", events: ["ticket.*"])
            try await fixture.add("watch", "/watch", events: ["webhook.disabled"])
            _ = try await fixture.postAndDeliver()
            let bodies = try await fixture.strings(
                """
                SELECT endpoint.name || ' ' || convert_from(message.body, 'UTF8') FROM webhook_messages AS message
                JOIN webhook_deliveries AS delivery ON delivery.message_id = message.id
                JOIN webhook_endpoints AS endpoint ON endpoint.id = delivery.endpoint_id
                WHERE message.event = 'webhook.disabled'
                """
            )
            #expect(bodies.count == 1 && bodies[0].hasPrefix("watch ") && bodies[0].contains(#""name":"gone""#))
            #expect(bodies.allSatisfy { !$0.contains("/status/410") })
        }
    }

    @Test func `Retry-After is honoured, and a short one does not spend the attempts`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/retry-after/120", events: ["ticket.*"])
            try await fixture.add("hasty", "/retry-after/0", events: ["hasty"])
            let (_, result) = try await fixture.postAndDeliver()
            guard case .failure(let error as RetryLater) = result else {
                Issue.record("not honoured: \(result)")
                return
            }
            #expect(error.delay == .seconds(120))
            // It asked for itself: others to the same endpoint wait as well, and spend no attempt.
            try await fixture.post("ticket.completed")
            let other = try #require(try await fixture.waiting().last)
            guard case .success(.snooze(let wait)) = await fixture.deliver(other) else {
                Issue.record("the endpoint was not left alone")
                return
            }
            #expect(wait > .seconds(100))
            try await fixture.post("hasty")
            let hasty = try #require(try await fixture.waiting().last)
            guard case .failure(let short as RetryLater) = await fixture.deliver(hasty, attempt: 3) else {
                Issue.record("no retry")
                return
            }
            #expect(short.delay == .seconds(8))
        }
    }

    @Test func `with the last attempt a delivery has failed, and an operator can send it again`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/flaky/1")
            try await fixture.post()
            let id = try #require(try await fixture.waiting().first)
            _ = await fixture.deliver(id, attempt: 3)
            let states = try await fixture.states()
            #expect(states == ["failed 1 status 500"])
            // A process that died here has not made a dead letter of it yet: the message is none of the done ones.
            let again = await fixture.deliver(id)
            #expect(again.isPermanent && again.failureText == "core: status 500")
            #expect(try fixture.requests().count == 1)
            #expect(await fixture.deliver(id, isReplay: true).isDone)
            let after = try await fixture.states()
            #expect(after == ["delivered 2 -"])
        }
    }

    @Test(arguments: ["/hang", "/drip"]) func `the limit is for the whole exchange`(path: String) async throws {
        try await WebhookFixture.with(limit: .seconds(1)) { fixture in
            try await fixture.add("core", path)
            let (_, result) = try await fixture.postAndDeliver()
            #expect(result.failureText.contains("(timeout)"))
            let log = try await WebhookAttempt.list(in: fixture.pool, limit: 1)
            #expect(log.first?.status == nil && log.first?.error?.contains("timeout") == true)
        }
    }

    @Test func `a long answer is cut, counts by its status, and little of it is kept`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/long/20000000")
            let (_, result) = try await fixture.postAndDeliver()
            #expect(result.isDone)
            let log = try await WebhookAttempt.list(in: fixture.pool, limit: 1)
            #expect(log.first?.answer?.utf8.count == WebhookAttemptResult.keptAnswer)
        }
    }

    @Test func `while one process sends, a duplicate waits for the end of its lease`() async throws {
        try await WebhookFixture.with(limit: .seconds(2)) { fixture in
            try await fixture.add("core", "/hang")
            try await fixture.post()
            let id = try #require(try await fixture.waiting().first)
            let first = Task { await fixture.deliver(id) }
            try await eventually("the request is there") { try fixture.requests().count == 1 }
            guard case .success(.snooze(let wait)) = await fixture.deliver(id) else {
                Issue.record("a second one was sent")
                return
            }
            #expect(wait > .zero && wait < ClaimedDelivery.lease + .seconds(1))
            _ = await first.value
            #expect(try fixture.requests().count == 1)
        }
    }

    @Test func `a removed endpoint takes what waits for it along`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core")
            try await fixture.post()
            let id = try #require(try await fixture.waiting().first)
            let dropped = try await fixture.endpoints.remove("core")
            #expect(dropped == 1)
            #expect(await fixture.deliver(id).isDone)
            #expect(try fixture.requests().isEmpty)
        }
    }

    @Test func `after five days without a success an endpoint is disabled`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core", "/status/500")
            _ = try await fixture.postAndDeliver()
            let failing = try await fixture.endpoints.list()
            #expect(failing[0].failingSince != nil && failing[0].isEnabled)
            _ = try await fixture.strings("UPDATE webhook_endpoints SET failing_since = now() - interval '121 hours'")
            _ = try await fixture.postAndDeliver()
            let disabled = try await fixture.endpoints.list()
            #expect(disabled[0].isEnabled == false)
            #expect(disabled[0].disabledReason?.hasPrefix("no delivery has succeeded since") == true)
            try await fixture.endpoints.enable("core", true, reason: nil)
            let enabled = try await fixture.endpoints.list()
            #expect(enabled[0].isEnabled && enabled[0].failingSince == nil)
        }
    }

    @Test func `a webhook that its endpoint was out for too long to get is given up`() async throws {
        try await WebhookFixture.with { fixture in
            try await fixture.add("core")
            try await fixture.post()
            _ = try await fixture.strings("UPDATE webhook_deliveries SET created_at = now() - interval '73 hours'")
            let id = try #require(try await fixture.waiting().first)
            #expect(await fixture.deliver(id).failureType == "webhook_expired")
            #expect(await fixture.deliver(id, isReplay: true).isDone)
            #expect(try fixture.requests().count == 1)
        }
    }
}

@Suite(.enabled(if: TestDatabase.isAvailable && StandIn.isAvailable))
struct WebhookAddressTests {
    @Test func `a private address is refused at delivery, whatever its spelling, and nothing is sent`() async throws {
        try await WebhookFixture.with(allows: false) { fixture in
            let port = fixture.receiver.port
            // As an earlier version, or somebody at the database, could have left them.
            for host in [
                "2130706433", "[::ffff:127.0.0.1]", "169.254.169.254", "0x7f.1", "127.1", "127.0.0.1", "localhost",
                "[::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "user:pw@127.0.0.1",
            ] {
                try await fixture.add("x", url: "https://example.com/")
                _ = try await fixture.strings(
                    "UPDATE webhook_endpoints SET url = $1",
                    [.text("http://\(host):\(port)/")]
                )
                let (_, result) = try await fixture.postAndDeliver()
                #expect(result.isPermanent && result.failureType == "webhook_refused", "\(host): \(result)")
                _ = try await fixture.endpoints.remove("x")
            }
            #expect(fixture.receiver.count("connections") == 0)
        }
    }

    /// Here no look at the URL stands between: what counts is what the name resolves to when it is connected to.
    @Test func `a name that resolves to this machine is refused when the connection would be made`() async throws {
        try await WebhookFixture.with(allows: false) { fixture in
            let sender = WebhookSender(fixture.engine, access: WebhookAccess(plaintextHosts: ["localhost"]))
            let exchange = await sender.send(
                WebhookMessage(event: "x", body: []),
                to: try EndpointURL("http://localhost:\(fixture.receiver.port)/"),
                secrets: [.generate()]
            )
            #expect(exchange.failure?.code == .refusedAddress && exchange.isPermanentFailure)
            #expect(fixture.receiver.count("connections") == 0)
        }
    }
}
