@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import Testing

/// Requests with the same idempotency key.
struct RequestsInProgressTests {
    private static let id = RequestsInProgress.ID(caller: "key:a", key: "order-42")

    @Test func `the second waits until the first is answered`() async throws {
        let requests = RequestsInProgress(waitLimit: .seconds(60))
        let (began, begin) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await requests.run(Self.id) { () async throws(APIError) in
                begin.yield()
                for await _ in released { break }
                return 1
            }
        }
        for await _ in began { break }
        async let second = requests.run(Self.id) { () async throws(APIError) in 2 }
        // Neither another key nor another caller's waits.
        #expect(try await requests.run(.init(caller: "key:a", key: "order-43")) { () async throws(APIError) in 3 } == 3)
        #expect(try await requests.run(.init(caller: "key:b", key: "order-42")) { () async throws(APIError) in 4 } == 4)
        release.yield()
        #expect(try await first.value == 1)
        #expect(try await second == 2)
    }

    @Test func `one that has waited too long is told to come again`() async throws {
        let requests = RequestsInProgress(waitLimit: .milliseconds(20))
        let (began, begin) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await requests.run(Self.id) { () async throws(APIError) in
                begin.yield()
                for await _ in released { break }
                return 1
            }
        }
        for await _ in began { break }
        let error = await #expect(throws: APIError.self) {
            try await requests.run(Self.id) { () async throws(APIError) in 2 }
        }
        #expect(error?.status == 409 && error?.code == "request_in_progress" && error?.retryAfter == 1)
        release.yield()
        #expect(try await first.value == 1)
        #expect(try await requests.run(Self.id) { () async throws(APIError) in 5 } == 5)
    }

    @Test func `the next goes on after one that has failed`() async throws {
        let requests = RequestsInProgress()
        await #expect(throws: APIError.self) {
            try await requests.run(Self.id) { () async throws(APIError) -> Int in throw .internalError }
        }
        #expect(try await requests.run(Self.id) { () async throws(APIError) in 1 } == 1)
    }
}
