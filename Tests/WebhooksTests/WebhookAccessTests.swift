import FlotillaOutbound
import FlotillaPlatform
@testable import FlotillaWebhooks
import Testing

struct WebhookAccessTests {
    @Test(
        arguments: [
            "https://127.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://10.1.2.3/", "https://0.0.0.0/",
            "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:a9fe:a9fe]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[64:ff9b:1::7f00:1]/", "https://[2002:7f00:1::]/", "https://[fd00::1]/", "https://[fe80::1]/",
            "https://[::127.0.0.1]/", "https://localhost/", "https://a.localhost:8443/",
        ]
    )
    func `an address that is not public is seen in the URL`(text: String) throws {
        let url = try EndpointURL(text)
        let objection = try #require(WebhookAccess().objection(to: url))
        #expect(objection.problem.contains("leads to"))
        #expect(objection.problem.contains("FLOTILLA_WEBHOOK_ALLOW_PRIVATE"))
        #expect(WebhookAccess(allowed: [url.authority]).objection(to: url) == nil)
    }

    @Test func `only the named port of a private host is allowed`() throws {
        let access = WebhookAccess(allowed: ["10.0.0.7:9000", "Core:3001"])
        #expect(access.objection(to: try EndpointURL("http://10.0.0.7:9000/x")) == nil)
        #expect(access.objection(to: try EndpointURL("http://core:3001/x")) == nil)
        #expect(access.objection(to: try EndpointURL("http://10.0.0.7:9001/x")) != nil)
        #expect(access.objection(to: try EndpointURL("http://core/x")) != nil)
        #expect(access.addressCheck(for: try EndpointURL("http://core:3001/x")) == nil)
        let check = try #require(access.addressCheck(for: try EndpointURL("https://example.com/")))
        #expect(check(try #require(IPAddress("1.1.1.1"))))
        #expect(!check(try #require(IPAddress("127.0.0.1"))))
    }

    @Test func `plaintext to the open Internet is refused unless the host is named`() throws {
        let url = try EndpointURL("http://example.com/hooks")
        #expect(WebhookAccess().objection(to: url)?.problem.contains("not encrypted") == true)
        #expect(WebhookAccess(plaintextHosts: ["Example.com"]).objection(to: url) == nil)
        #expect(WebhookAccess().objection(to: try EndpointURL("https://example.com/hooks")) == nil)
    }

    @Test func `a name is refused when any of its addresses is private`() async throws {
        let url = try EndpointURL("https://inside.example.com/")
        let mixed = ["1.1.1.1", "10.0.0.1"].compactMap { IPAddress($0) }
        let objection = await WebhookAccess().objectionAfterLookup(to: url) { _ in mixed }
        #expect(objection?.problem.contains("inside.example.com resolves to it") == true)
        let fine = await WebhookAccess().objectionAfterLookup(to: url) { _ in Array(mixed.prefix(1)) }
        let unknown = await WebhookAccess().objectionAfterLookup(to: url) { _ in [] }
        #expect(fine == nil && unknown == nil)
    }

    @Test func `the system's look-up finds this machine, and nothing for a name that is none`() async {
        let found = await HostLookup.addresses(of: "localhost")
        #expect(!found.isEmpty && found.allSatisfy { !$0.isPublic })
        let none = await HostLookup.addresses(of: "no-such-host.invalid")
        #expect(none.isEmpty)
    }

    @Test func `the core has two paths, one secret or two, and may be anywhere`() throws {
        let secret = WebhookSecret.generate().revealed
        let core = try CoreEndpoints(url: "http://core:3001/", secrets: Secret("\(secret), \(secret)"))
        #expect(
            core.subscriptions.map(\.url.text) == [
                "http://core:3001/api/internal/ticket-generation-webhook",
                "http://core:3001/api/internal/scan-confirmation",
            ]
        )
        #expect(core.authority == "core:3001" && core.secrets.count == 2)
        for text in ["", "secret", "\(secret),\(secret),\(secret)", "\(secret),x"] {
            #expect(throws: WebhookError.self) { try CoreEndpoints(url: "http://core", secrets: Secret(text)) }
        }
        #expect(throws: FieldError.self) { try CoreEndpoints(url: "core:3001", secrets: Secret(secret)) }
        #expect(throws: FieldError.self) { try CoreEndpoints(url: "http://core?x", secrets: Secret(secret)) }
    }

    @Test(arguments: ["", "a b", "é", "a/b", String(repeating: "a", count: 65)])
    func `an endpoint's name is a word`(name: String) throws {
        let url = try EndpointURL("https://example.com/")
        #expect(throws: WebhookError.self) { try WebhookSubscription(name: name, url: url, events: ["*"]) }
    }

    @Test func `an endpoint is told of events by name, by entity, or of all`() throws {
        let url = try EndpointURL("https://example.com/")
        for good in ["*", "ticket.*", "ticket.completed", "a"] {
            #expect(try WebhookSubscription(name: "x", url: url, events: [good]).events == [good])
        }
        for bad in ["", "ticket*", "*.completed", "**", ".*", "a b", "ticket.**"] {
            #expect(throws: WebhookError.self, "\(bad)") {
                try WebhookSubscription(name: "x", url: url, events: [bad])
            }
        }
        #expect(throws: WebhookError.self) { try WebhookSubscription(name: "x", url: url, events: []) }
    }
}
