import FlotillaTestSupport
@testable import FlotillaNotifications
import FlotillaTelemetry
import Synchronization
import Testing

extension String: @retroactive Identifiable {
    public var id: String { self }
}

struct ProviderChainTests {
    /// Answers as it is told, and remembers what it was given.
    private final class Scripted: NotificationProvider {
        let name: String
        let probeIsConclusive: Bool
        private let state: Mutex<(answer: ProviderResult, isUp: Bool, given: [String], own: [String: ProviderResult])>

        init(
            _ name: String,
            _ answer: ProviderResult = .accepted(messageID: "1"),
            isUp: Bool = true,
            probeIsConclusive: Bool = false
        ) {
            self.name = name
            self.probeIsConclusive = probeIsConclusive
            state = Mutex((answer, isUp, [], [:]))
        }

        var given: [String] { state.withLock { $0.given } }

        /// Answers one content in a way of its own.
        func set(_ answer: ProviderResult, for content: String) {
            state.withLock { $0.own[content] = answer }
        }

        func set(_ answer: ProviderResult, isUp: Bool) {
            state.withLock { ($0.answer, $0.isUp) = (answer, isUp) }
        }

        func send(_ content: String) async -> ProviderResult {
            state.withLock { state in
                state.given.append(content)
                return state.own[content] ?? state.answer
            }
        }

        func isReachable() async -> Bool { state.withLock { $0.isUp } }
    }

    private static let log = Log(service: "test", threshold: .error)

    private static func chain(
        _ providers: [Scripted],
        rateLimiters: [String: ProviderRateLimiter] = [:],
        metrics: Metrics = Metrics()
    ) -> ProviderChain<String> {
        ProviderChain(.email, providers: providers, rateLimiters: rateLimiters, metrics: metrics, log: log)
    }

    @Test func `the first provider in service gets it, and its refusal is final`() async {
        let (first, second) = (Scripted("smtp"), Scripted("mail-api"))
        let chain = Self.chain([first, second])
        #expect(await chain.send("a") == .accepted(provider: "smtp", messageID: "1"))
        first.set(.refused(reason: "550 no such user"), isUp: true)
        #expect(await chain.send("b") == .refused(provider: "smtp", reason: "550 no such user"))
        first.set(.deferred(reason: "451 grey", after: .seconds(60)), isUp: true)
        #expect(await chain.send("c") == .deferred(provider: "smtp", reason: "451 grey", after: .seconds(60)))
        #expect(second.given.isEmpty)
    }

    @Test func `a provider that is out gives way to the next, and is left alone after three outages`() async throws {
        let metrics = Metrics()
        let first = Scripted("smtp", .unavailable(reason: "connection refused", after: nil), isUp: false)
        let second = Scripted("mail-api", .accepted(messageID: "2"))
        let chain = Self.chain([first, second], metrics: metrics)
        for number in 0..<10 {
            #expect(await chain.send("\(number)") == .accepted(provider: "mail-api", messageID: "2"))
        }
        #expect(first.given.count == 3)
        #expect(metrics.render().contains(#"flotilla_breaker_open{dependency="smtp"} 1"#))
        #expect(metrics.render().contains(#"flotilla_breaker_open{dependency="mail-api"} 0"#))
        first.set(.accepted(messageID: "1"), isUp: true)
        try await eventually("the probe closes the breaker") {
            metrics.render().contains(#"flotilla_breaker_open{dependency="smtp"} 0"#)
        }
        #expect(await chain.send("x") == .accepted(provider: "smtp", messageID: "1"))
        let text = metrics.render()
        for line in [
            #"flotilla_notifications_sent_total{channel="email",provider="smtp",result="unavailable"} 3"#,
            #"flotilla_notifications_sent_total{channel="email",provider="smtp",result="accepted"} 1"#,
            #"flotilla_notifications_sent_total{channel="email",provider="mail-api",result="accepted"} 10"#,
            #"flotilla_notification_send_duration_seconds_count{provider="smtp"} 4"#,
        ] { #expect(text.contains(line)) }
    }

    @Test func `when all are out the answer says why, and reachability follows their return`() async throws {
        let first = Scripted("smtp", .unavailable(reason: "refused", after: nil), isUp: false)
        let second = Scripted("mail-api", .unavailable(reason: "status 500", after: nil), isUp: false)
        let chain = Self.chain([first, second])
        #expect(await chain.send("a") == .allOut(reason: "smtp: refused; mail-api: status 500"))
        for _ in 0..<3 { _ = await chain.send("b") }
        #expect(await chain.send("c") == .allOut(reason: "smtp: its breaker is open; mail-api: its breaker is open"))
        #expect(first.given.count == 3)
        #expect(await chain.isReachable() == false)
        second.set(.accepted(messageID: "2"), isUp: true)
        try await eventually("it is reachable") { await chain.isReachable() }
        #expect(await chain.send("d") == .accepted(provider: "mail-api", messageID: "2"))
        #expect(await Self.chain([]).send("e") == .allOut(reason: "no provider is configured"))
    }

    @Test func `a provider that asks to be left alone is, from the first time and for as long as it asked`()
        async throws
    {
        let provider = Scripted("mail-api", .unavailable(reason: "status 429", after: .seconds(2)))
        let chain = Self.chain([provider])
        let start = ContinuousClock.now
        _ = await chain.send("a")
        provider.set(.accepted(messageID: "1"), isUp: true)
        #expect(await chain.send("b") == .allOut(reason: "mail-api: its breaker is open"))
        #expect(await chain.isReachable() == false)
        #expect(provider.given == ["a"])
        try await eventually("it is asked again") { await chain.isReachable() }
        #expect(.now - start >= .seconds(2))
        #expect(await chain.send("c") == .accepted(provider: "mail-api", messageID: "1"))
    }

    private static func isOpen(_ name: String, _ metrics: Metrics) -> Bool {
        metrics.render().contains(#"flotilla_breaker_open{dependency="\#(name)"} 1"#)
    }

    @Test func `a mail server that loses one mail only is not out, and the mail pays for it`() async {
        let metrics = Metrics()
        let smtp = Scripted("smtp", probeIsConclusive: true)
        smtp.set(.failed(reason: "lost"), for: "poison")
        let chain = Self.chain([smtp], metrics: metrics)
        for number in 0..<20 {
            #expect(await chain.send("poison") == .deferred(provider: "smtp", reason: "lost", after: nil))
            if number.isMultiple(of: 4) {
                #expect(await chain.send("\(number)") == .accepted(provider: "smtp", messageID: "1"))
            }
            #expect(!Self.isOpen("smtp", metrics))
        }
    }

    @Test func `a mail server that loses a mail and can't be reached then is out`() async {
        let smtp = Scripted("smtp", .failed(reason: "lost"), isUp: false, probeIsConclusive: true)
        let chain = Self.chain([smtp])
        for _ in 0..<2 { #expect(await chain.send("a") == .allOut(reason: "smtp: lost")) }
    }

    @Test func `an API that fails with one mail only is not out, and the mail pays once others have gone`() async {
        let metrics = Metrics()
        let api = Scripted("mail-api")
        api.set(.failed(reason: "status 500"), for: "poison")
        let chain = Self.chain([api], metrics: metrics)
        #expect(await chain.send("poison") == .unclear(reason: "mail-api: status 500", wait: .seconds(5)))
        #expect(await chain.send("a") == .accepted(provider: "mail-api", messageID: "1"))
        for _ in 0..<5 {
            #expect(await chain.send("poison") == .deferred(provider: "mail-api", reason: "status 500", after: nil))
            _ = await chain.send("b")
        }
        #expect(!Self.isOpen("mail-api", metrics))
    }

    @Test func `an API that fails with one after the other is out, and none pays`() async {
        let metrics = Metrics()
        let api = Scripted("mail-api", .failed(reason: "status 500"))
        let chain = Self.chain([api], metrics: metrics)
        for content in ["a", "b", "a", "c"] {
            guard case .unclear = await chain.send(content) else {
                Issue.record("\(content) paid")
                return
            }
        }
        #expect(Self.isOpen("mail-api", metrics))
        #expect(await chain.send("d") == .allOut(reason: "mail-api: its breaker is open"))
    }

    @Test func `what one provider fails with goes to the next, unless it may have arrived`() async {
        let (first, second) = (Scripted("smtp", probeIsConclusive: true), Scripted("mail-api"))
        first.set(.failed(reason: "lost"), for: "before")
        first.set(.failed(reason: "lost", mayHaveArrived: true), for: "after")
        let chain = Self.chain([first, second])
        #expect(await chain.send("before") == .accepted(provider: "mail-api", messageID: "1"))
        #expect(await chain.send("after") == .deferred(provider: "smtp", reason: "lost", after: nil))
        #expect(second.given == ["before"])
    }

    @Test func `a provider that does not take our settings gives way at once, and nothing pays`() async throws {
        let metrics = Metrics()
        let first = Scripted("smtp", .denied(reason: "550 not yours (check FLOTILLA_MAIL_FROM)"))
        let chain = Self.chain([first], metrics: metrics)
        #expect(await chain.send("a") == .allOut(reason: "smtp: 550 not yours (check FLOTILLA_MAIL_FROM)"))
        #expect(Self.isOpen("smtp", metrics))
        try await eventually("a probe closes it") { !Self.isOpen("smtp", metrics) }
        let both = Self.chain([first, Scripted("mail-api")])
        #expect(await both.send("a") == .accepted(provider: "mail-api", messageID: "1"))
    }

    @Test func `under a rate high goes before normal, and nobody waits longer than the limit`() async throws {
        let provider = Scripted("smtp")
        let chain = Self.chain(
            [provider],
            rateLimiters: ["smtp": ProviderRateLimiter(name: "smtp", rate: 20, burst: 1)]
        )
        _ = await chain.send("first")
        let start = ContinuousClock.now
        await withTaskGroup { group in
            for number in 0..<10 {
                group.addTask { _ = await chain.send("normal \(number)", maxWait: .seconds(60)) }
            }
            try? await eventually("the queue moves") { provider.given.count >= 3 }
            for number in 0..<5 {
                group.addTask { _ = await chain.send("high \(number)", priority: .high, maxWait: .seconds(60)) }
            }
            group.addTask {
                guard case .busy(let wait) = await chain.send("impatient", maxWait: .milliseconds(100)) else {
                    Issue.record("it waited")
                    return
                }
                #expect(wait > .milliseconds(100))
            }
        }
        #expect(.now - start >= .milliseconds(700))
        let given = provider.given
        #expect(given.count == 16)
        let lastHigh = try #require(given.lastIndex { $0.hasPrefix("high") })
        let before = given[..<lastHigh].count { $0.hasPrefix("normal") }
        #expect(before <= 6, "high had to wait for \(before)")
        #expect(given.last?.hasPrefix("normal") == true)
    }

    @Test func `a cancelled task gives up its place`() async throws {
        let provider = Scripted("smtp")
        let chain = Self.chain(
            [provider],
            rateLimiters: ["smtp": ProviderRateLimiter(name: "smtp", rate: 0.01, burst: 1)]
        )
        _ = await chain.send("first")
        let waiting = Task { await chain.send("second", maxWait: .seconds(1_000)) }
        waiting.cancel()
        guard case .busy = await waiting.value else {
            Issue.record("it was sent")
            return
        }
        #expect(provider.given == ["first"])
    }
}
