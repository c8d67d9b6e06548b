@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import FlotillaTestSupport
import Synchronization
import Testing

struct AuthenticatorTests {
    private struct Away: Error {}

    /// A store of keys that can go away, and a clock that is set by hand.
    private final class Store: Sendable {
        let record: Mutex<APIKeyRecord?>
        let isAway = Atomic(false)
        let isSilent = Atomic(false)
        let lookups = Atomic(0)
        let clock = Mutex(ContinuousClock.now)
        let start = ContinuousClock.now

        init(_ record: APIKeyRecord?) { self.record = Mutex(record) }

        func find(_ id: String) async throws -> APIKeyRecord? {
            lookups.add(1, ordering: .relaxed)
            while isSilent.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(5)) }
            if isAway.load(ordering: .relaxed) { throw Away() }
            return record.withLock { $0?.id == id ? $0 : nil }
        }

        func pass(_ time: Duration) { clock.withLock { $0 = $0 + time } }
    }

    private let key = APIKey()

    private func make() -> (Authenticator, Store, HTTPRequest) {
        let store = Store(
            APIKeyRecord(id: key.id, name: "tests", secretHash: key.digest, scopes: [.read], createdAt: 0)
        )
        let authenticator = Authenticator(now: { store.clock.withLock { $0 } }) { try await store.find($0) }
        return (authenticator, store, HTTPRequest(method: "GET", target: "/", headers: ["X-API-Key": key.revealed]))
    }

    @Test func `a key known before goes on being known while the store is away, for an hour`() async throws {
        let (authenticator, store, request) = make()
        #expect(try await authenticator.authenticate(request).name == "tests")
        store.isAway.store(true, ordering: .relaxed)
        store.pass(.seconds(60))
        #expect(try await authenticator.authenticate(request).name == "tests")
        store.pass(.seconds(3_700))
        await #expect(throws: APIError.self) { try await authenticator.authenticate(request) }
    }

    @Test func `a key that was never used here is known in an outage once it is learnt`() async throws {
        let (authenticator, store, request) = make()
        for _ in 0..<3 {
            try await authenticator.learn { [try #require(store.record.withLock { $0 })] }
            store.pass(.seconds(3_000))
        }
        store.isAway.store(true, ordering: .relaxed)
        #expect(try await authenticator.authenticate(request).name == "tests")
    }

    @Test func `a list of keys that is older than what is known of one changes nothing`() async throws {
        let (authenticator, store, request) = make()
        let old = try #require(store.record.withLock { $0 })
        store.record.withLock { $0?.revokedAt = 1 }
        try await authenticator.learn {
            store.pass(.seconds(1))
            #expect((try? await authenticator.authenticate(request)) == nil)
            return [old]
        }
        #expect((try? await authenticator.authenticate(request)) == nil)
    }

    @Test func `a store that is silent holds nobody up who is known, and others get its error`() async throws {
        let (authenticator, store, request) = make()
        _ = try await authenticator.authenticate(request)
        store.isSilent.store(true, ordering: .relaxed)
        store.pass(.seconds(60))
        // Would wait for ever if the lookup were awaited.
        #expect(try await authenticator.authenticate(request).name == "tests")
        store.isAway.store(true, ordering: .relaxed)
        store.isSilent.store(false, ordering: .relaxed)
    }

    @Test func `a revoked key is refused as soon as the store can be asked again`() async throws {
        let (authenticator, store, request) = make()
        _ = try await authenticator.authenticate(request)
        store.isAway.store(true, ordering: .relaxed)
        store.pass(.seconds(5))
        _ = try await authenticator.authenticate(request)
        store.record.withLock { $0?.revokedAt = 1 }
        store.isAway.store(false, ordering: .relaxed)
        try await eventually("it is refused") { (try? await authenticator.authenticate(request)) == nil }
    }

    @Test func `made-up keys do not push out real ones`() async throws {
        let (authenticator, store, request) = make()
        _ = try await authenticator.authenticate(request)
        for _ in 0..<10_100 {
            let other = HTTPRequest(method: "GET", target: "/", headers: ["X-API-Key": APIKey().revealed])
            _ = try? await authenticator.authenticate(other)
        }
        let before = store.lookups.load(ordering: .relaxed)
        _ = try await authenticator.authenticate(request)
        #expect(store.lookups.load(ordering: .relaxed) == before)
    }
}
