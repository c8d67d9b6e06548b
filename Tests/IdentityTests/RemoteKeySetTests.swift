import FlotillaPlatform
import FlotillaTelemetry
import FlotillaTestSupport
import Synchronization
import Testing

@testable import FlotillaIdentity

struct RemoteKeySetTests {
    /// An issuer whose keys are set by hand, and a clock.
    private final class Issuer: Sendable {
        struct Away: Error {}

        let names = Mutex(["a"])
        let isAway = Atomic(false)
        let reads = Atomic(0)
        let clock = Mutex(ContinuousClock.now)

        func load() throws -> [UInt8] {
            reads.add(1, ordering: .relaxed)
            if isAway.load(ordering: .relaxed) { throw Away() }
            let keys = names.withLock { $0 }.map { name in
                #"{"kty":"OKP","crv":"Ed25519","kid":"\#(name)","x":"\#(TokenVectors.ed25519)"}"#
            }
            return Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8)
        }

        func pass(_ time: Duration) { clock.withLock { $0 = $0 + time } }

        var readsSoFar: Int { reads.load(ordering: .relaxed) }

        func keys() -> RemoteKeySet {
            RemoteKeySet(log: Log(service: "test", descriptor: -1), now: { self.clock.withLock { $0 } }) {
                try self.load()
            }
        }
    }

    @Test func `a key that is not known is looked for once a minute, and found when the issuer has added it`()
        async throws
    {
        let issuer = Issuer()
        let keys = issuer.keys()
        #expect(try await keys.key("a") != nil)
        issuer.names.withLock { $0 = ["a", "b"] }
        for _ in 0..<100 { #expect(try await keys.key("b") == nil) }
        #expect(issuer.readsSoFar == 1)
        issuer.pass(.seconds(60))
        #expect(try await keys.key("b") != nil)
        for number in 0..<100 { #expect(try await keys.key("made up \(number)") == nil) }
        #expect(issuer.readsSoFar == 2)
    }

    @Test func `many tokens that come at once cost one request`() async throws {
        let issuer = Issuer()
        let keys = issuer.keys()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { #expect((try? await keys.key("a")) != nil) } }
        }
        #expect(issuer.readsSoFar == 1)
    }

    @Test
    func `while the issuer is away the last keys stay for an hour, and a key that is not among them can't be told`()
        async throws
    {
        let issuer = Issuer()
        let keys = issuer.keys()
        #expect(try await keys.key("a") != nil)
        issuer.isAway.store(true, ordering: .relaxed)
        issuer.pass(.seconds(3_599))
        #expect(try await keys.key("a") != nil)
        try await eventually("the keys are read in vain") { issuer.readsSoFar == 2 }
        await #expect(throws: TokenKeysUnavailable.self) { try await keys.key("b") }
        #expect(try await keys.key("a") != nil)
        issuer.pass(.seconds(1))
        await #expect(throws: TokenKeysUnavailable.self) { try await keys.key("a") }
        issuer.isAway.store(false, ordering: .relaxed)
        issuer.pass(.seconds(60))
        #expect(try await keys.key("b") == nil)
        #expect(try await keys.key("a") != nil)
    }

    @Test func `keys that were not asked for in an hour are read anew, and no token waits for more`() async throws {
        let issuer = Issuer()
        let keys = issuer.keys()
        #expect(try await keys.key("a") != nil)
        issuer.pass(.seconds(86_400))
        #expect(try await keys.key("a") != nil)
        #expect(issuer.readsSoFar == 2)
    }

    @Test func `an issuer that was never reached is tried again soon, and its tokens are not called wrong`()
        async throws
    {
        let issuer = Issuer()
        issuer.isAway.store(true, ordering: .relaxed)
        let keys = issuer.keys()
        for _ in 0..<10 { await #expect(throws: TokenKeysUnavailable.self) { try await keys.key("a") } }
        #expect(issuer.readsSoFar == 1)
        issuer.isAway.store(false, ordering: .relaxed)
        issuer.pass(.seconds(5))
        #expect(try await keys.key("a") != nil)
    }

    @Test func `a key that the issuer has withdrawn ends within ten minutes`() async throws {
        let issuer = Issuer()
        let keys = issuer.keys()
        #expect(try await keys.key("a") != nil)
        issuer.names.withLock { $0 = ["b"] }
        issuer.pass(.seconds(600))
        _ = try await keys.key("a")
        try await eventually("the key ends") { try await keys.key("a") == nil }
    }
}
