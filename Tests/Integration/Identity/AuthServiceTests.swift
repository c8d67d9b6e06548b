import FlotillaHTTPRouting
import FlotillaIdentity
import FlotillaOutbound
import FlotillaPlatform
import FlotillaTelemetry
import FlotillaTestSupport
import Synchronization
import Testing

/// The client of the auth service, over sockets: a service that answers, is slow, is gone, or lies.
@Suite(.enabled(if: StandIn.isAvailable))
struct AuthServiceTests {
    private struct Fixture {
        let server: StandIn
        let client: AuthServiceClient
        let clock: ManualClock

        var requests: Int { server.count("requests") }

        /// The status with which the API answers whoever calls with the token.
        func response(_ token: String) async -> APIError? {
            let tokens = CallerTokens(
                nil,
                client,
                revocations: nil,
                policy: .allow,
                log: Log(service: "test", descriptor: -1)
            )
            do throws(APIError) {
                _ = try await tokens.principal(of: token, for: .read)
                return nil
            } catch { return error }
        }
    }

    private final class ManualClock: Sendable {
        private let time = Mutex(ContinuousClock.now)

        var now: ContinuousClock.Instant { time.withLock { $0 } }

        func pass(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
    }

    private static func with(
        check: AuthServiceConfiguration.Check = .verify,
        secret: String = "client secret",
        timeout: Duration = .seconds(20),
        _ body: (Fixture) async throws -> Void
    ) async throws {
        let server = try await StandIn("auth-service.py")
        let engine = TransferEngine(connectionsPerServer: 16)
        let clock = ManualClock()
        let configuration = AuthServiceConfiguration(
            url: "http://127.0.0.1:\(server.port)",
            check: check,
            timeout: timeout,
            clientID: "flotilla",
            clientSecret: Secret(secret),
            roles: RoleScopes(text: "agent=read") ?? RoleScopes()
        )
        let client = AuthServiceClient(
            configuration,
            HTTPClient(engine),
            log: Log(service: "test", descriptor: -1),
            now: { clock.now }
        )
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(Fixture(server: server, client: client, clock: clock)))
        } catch { result = .failure(error) }
        await engine.close()
        try result.get()
    }

    @Test func `what the service vouches for is kept for a minute, and what it refuses for five seconds`() async throws
    {
        try await Self.with { fixture in
            for _ in 0..<3 {
                #expect(try await fixture.client.verify("good-u1").subject == "u1")
                await #expect(throws: TokenRefusal.self) { try await fixture.client.verify("bad") }
            }
            #expect(fixture.requests == 2)
            fixture.clock.pass(.seconds(5))
            #expect(try await fixture.client.verify("good-u1").scopes == [.read])
            await #expect(throws: TokenRefusal.self) { try await fixture.client.verify("bad") }
            #expect(fixture.requests == 3)
            fixture.clock.pass(.seconds(55))
            _ = try await fixture.client.verify("good-u1")
            #expect(fixture.requests == 4)
        }
    }

    @Test func `an introspected token is kept no longer than it lives, and the client has to be known`() async throws {
        try await Self.with(check: .introspection(path: "/oauth2/introspect")) { fixture in
            let identity = try await fixture.client.verify("good-u/1+2=")
            #expect(identity.subject == "u/1+2=" && identity.scopes == [.read])
            fixture.clock.pass(.seconds(25))
            _ = try await fixture.client.verify("good-u/1+2=")
            // It ends in thirty seconds by its own word.
            fixture.clock.pass(.seconds(6))
            _ = try await fixture.client.verify("good-u/1+2=")
            #expect(fixture.requests == 2)
            await #expect(throws: TokenRefusal.self) { try await fixture.client.verify("bad") }
        }
        try await Self.with(check: .introspection(path: "/oauth2/introspect"), secret: "wrong") { fixture in
            await #expect(throws: AuthServiceError.self) { try await fixture.client.verify("good-u1") }
        }
    }

    @Test func `fifty requests with one token are one question`() async throws {
        try await Self.with { fixture in
            try fixture.server.answer(#"{"wait":0.3,"body":{"success":true,"user":{"id":"u1"}}}"#)
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<50 { group.addTask { try await fixture.client.verify("good-u1").subject } }
                for try await subject in group { #expect(subject == "u1") }
            }
            #expect(fixture.requests == 1)
        }
    }

    @Test func `a service that is gone is 503 with a time to come back, asked less and less, and asked again`()
        async throws
    {
        try await Self.with { fixture in
            try await fixture.server.stop()
            for number in 0..<3 {
                let error = await fixture.response("good-\(number)")
                #expect(error?.status == 503 && (error?.retryAfter ?? 0) >= 1)
            }
            await #expect(throws: AuthServiceError.self) { try await fixture.client.verify("good-u1") }
            fixture.server.keepFolder()
            let server = try await StandIn("auth-service.py", folder: fixture.server.folder, port: fixture.server.port)
            // The wait is not over: nobody is asked.
            #expect(await fixture.response("good-u1")?.status == 503)
            #expect(server.count("requests") == 0)
            fixture.clock.pass(.seconds(1))
            #expect(await fixture.response("good-u1") == nil)
            #expect(await fixture.response("good-u2") == nil)
        }
    }

    @Test func `a service that has failed several times is a problem until it answers, and only then`() async throws {
        try await Self.with { fixture in
            #expect(await fixture.client.problem() == nil)
            try await fixture.server.stop()
            for number in 0..<2 { _ = await fixture.response("good-\(number)") }
            #expect(await fixture.client.problem() == nil)
            _ = await fixture.response("good-2")
            #expect(await fixture.client.problem() != nil)
            fixture.clock.pass(.seconds(1))
            #expect(await fixture.client.problem() != nil)
            fixture.server.keepFolder()
            let server = try await StandIn("auth-service.py", folder: fixture.server.folder, port: fixture.server.port)
            #expect(await fixture.client.problem() == nil)
            #expect(server.count("requests") == 1)
        }
    }

    @Test func `a service that is silent is given up after the time that it may take`() async throws {
        try await Self.with(timeout: .milliseconds(300)) { fixture in
            try fixture.server.answer(#"{"hang":true}"#)
            let error = await #expect(throws: AuthServiceError.self) { try await fixture.client.verify("good-u1") }
            #expect(error?.code == .unavailable)
            #expect(await fixture.response("good-u1")?.status == 503)
        }
    }

    @Test func `a service that asks to be left alone is, for ten seconds at most`() async throws {
        try await Self.with { fixture in
            try fixture.server.answer(#"{"status":429,"headers":{"Retry-After":"3600"}}"#)
            #expect(await fixture.response("good-u1")?.retryAfter == 10)
            try fixture.server.answer(nil)
            fixture.clock.pass(.seconds(9))
            #expect(await fixture.response("good-u1")?.status == 503)
            fixture.clock.pass(.seconds(1))
            #expect(await fixture.response("good-u1") == nil)
        }
    }

    @Test(arguments: [
        #"{"raw":"<html>ok</html>"}"#, #"{"raw":""}"#, #"{"raw":"{\"success\":true,"}"#, #"{"body":{"success":true}}"#,
        #"{"body":[{"success":true,"user":{"id":"u1"}}]}"#, #"{"size":1000000}"#,
        #"{"status":204,"raw":""}"#, #"{"status":500,"body":{"success":true,"user":{"id":"u1"}}}"#,
    ])
    func `a service that lies is not believed`(answer: String) async throws {
        try await Self.with { fixture in
            try fixture.server.answer(answer)
            await #expect(throws: AuthServiceError.self) { try await fixture.client.verify("good-u1") }
            #expect(await fixture.response("good-u1")?.status == 503)
        }
    }

    @Test(arguments: [
        #"{"body":{"success":true}}"#, #"{"status":500}"#, #"{"raw":"<html>ok</html>"}"#,
        #"{"body":{"success":true,"user":{"id":"u1"},"exp":"soon"}}"#, #"{"status":404}"#,
    ])
    func `answers to bad tokens keep the service from nobody`(answer: String) async throws {
        try await Self.with { fixture in
            try fixture.server.answer(answer)
            for number in 0..<5 {
                let error = await fixture.response("bad-\(number)")
                #expect(error?.status == 401 || error?.isAboutCredential == true)
            }
            try fixture.server.answer(nil)
            #expect(await fixture.response("good-u1") == nil)
        }
    }

    @Test func `an outage of the service is not about the credential`() async throws {
        try await Self.with { fixture in
            try fixture.server.answer(#"{"status":502}"#)
            for _ in 0..<4 {
                let error = await fixture.response("good-u1")
                #expect(error?.status == 503 && error?.isAboutCredential == false)
            }
        }
    }

    @Test func `a service that sends elsewhere is not followed`() async throws {
        try await Self.with { fixture in
            let elsewhere = try await StandIn("auth-service.py")
            try fixture.server.answer(
                #"{"status":302,"headers":{"Location":"http://127.0.0.1:\#(elsewhere.port)/api/auth/verify"}}"#
            )
            let error = await #expect(throws: AuthServiceError.self) { try await fixture.client.verify("good-u1") }
            #expect(error?.code == .violation)
            #expect(elsewhere.count("requests") == 0)
        }
    }

    @Test func `a user is found by id and by address, and one who is not known is none`() async throws {
        try await Self.with { fixture in
            let user = try #require(try await fixture.client.user(id: "u7"))
            #expect(user.email == "u7@example.com" && user.name == "User 7" && user.language == "fr")
            #expect(try await fixture.client.user(email: "u7@example.com")?.id == "u7")
            for id in ["u1000", "nobody", "../verify", "u7/..", ".", "..", "", "u7?x=1", "u7#", "ü"] {
                #expect(try await fixture.client.user(id: id) == nil)
            }
            let paths = fixture.server.text("log") ?? ""
            #expect(!paths.contains("/../") && paths.contains("/api/auth/users/..%2Fverify"))
            #expect(!paths.contains(" -\n"))
        }
    }

    @Test func `another user than the one who was asked for is no answer`() async throws {
        try await Self.with { fixture in
            try fixture.server.answer(#"{"body":{"success":true,"user":{"id":"u8","email":"u8@example.com"}}}"#)
            await #expect(throws: AuthServiceError.self) { _ = try await fixture.client.user(id: "u7") }
            await #expect(throws: AuthServiceError.self) { _ = try await fixture.client.user(email: "u7@example.com") }
        }
    }

    @Test func `a token that no header can carry asks nobody`() async throws {
        try await Self.with { fixture in
            for token in ["", "a b", "a\r\nX: y", "é", String(repeating: "a", count: 8_193)] {
                await #expect(throws: TokenRefusal.self) { try await fixture.client.verify(token) }
            }
            #expect(fixture.requests == 0)
        }
    }
}
