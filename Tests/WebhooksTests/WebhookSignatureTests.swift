import FlotillaModels
import FlotillaPlatform
@testable import FlotillaWebhooks
import Testing

struct WebhookSignatureTests {
    /// The example that the Standard Webhooks specification publishes.
    @Test func `it signs as the specification's example does`() throws {
        let secret = try #require(WebhookSecret(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))
        let headers = WebhookSignature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            seconds: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8),
            secrets: [secret]
        )
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(
            headers.map(\.value) == [
                "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ]
        )
    }

    @Test func `during a rotation both secrets sign, the new one first`() throws {
        let secrets = [WebhookSecret.generate(), WebhookSecret.generate()]
        let both = WebhookSignature.headers(id: "msg_1", seconds: 1, body: [0, 255], secrets: secrets)[2].value
        let each = secrets.map {
            WebhookSignature.headers(id: "msg_1", seconds: 1, body: [0, 255], secrets: [$0])[2].value
        }
        #expect(both == each.joined(separator: " "))
        #expect(each[0] != each[1])
    }

    @Test func `a signature covers id, time and body`() {
        let secret = WebhookSecret.generate()
        func signature(_ id: String, _ seconds: Int64, _ body: String) -> String {
            WebhookSignature.headers(id: id, seconds: seconds, body: Array(body.utf8), secrets: [secret])[2].value
        }
        let all = [
            signature("msg_1", 1, "a"), signature("msg_2", 1, "a"), signature("msg_1", 2, "a"),
            signature("msg_1", 1, "b"),
        ]
        #expect(Set(all).count == 4)
    }

    @Test func `a secret is whsec_ and the base64 of 24 to 64 bytes`() {
        func secret(_ count: Int, _ prefix: String = "whsec_") -> WebhookSecret? {
            WebhookSecret(Secret(prefix + Base64.encode([UInt8](repeating: 7, count: count))))
        }
        #expect(secret(24) != nil && secret(64) != nil)
        #expect(secret(23) == nil && secret(65) == nil && secret(32, "") == nil && secret(32, "whsk_") == nil)
        #expect(WebhookSecret(Secret("whsec_no base64 at all, is it?")) == nil)
        let made = WebhookSecret.generate()
        #expect(WebhookSecret(Secret(made.revealed))?.key == made.key)
    }
}
