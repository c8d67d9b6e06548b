import FlotillaTestSupport
import Synchronization
import Testing

@testable import FlotillaIdentity

struct AnswerCacheTests {
    private struct Away: Error {}

    private final class Source: Sendable {
        let asked = Atomic(0)
        let isOpen = Atomic(true)
        let clock = Mutex(ContinuousClock.now)

        func pass(_ time: Duration) { clock.withLock { $0 = $0 + time } }

        func cache(capacity: Int = 10) -> AnswerCache<Int, Int> {
            AnswerCache(capacity: capacity) { self.clock.withLock { $0 } }
        }

        @Sendable func ask() async throws -> Int {
            let number = asked.add(1, ordering: .relaxed).newValue
            while !isOpen.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(1)) }
            return number
        }
    }

    @Test func `an answer is kept for its life, and asked for anew afterwards`() async throws {
        let source = Source()
        let cache = source.cache()
        func answer() async throws -> Int { try await cache.answer(to: 1, keeping: { _ in .seconds(5) }, source.ask) }
        #expect(try await answer() == 1)
        source.pass(.milliseconds(4_999))
        #expect(try await answer() == 1)
        source.pass(.milliseconds(1))
        #expect(try await answer() == 2)
        cache.forget(1)
        #expect(try await answer() == 3)
    }

    @Test func `many who ask the same wait for one answer`() async throws {
        let source = Source()
        source.isOpen.store(false, ordering: .relaxed)
        let cache = source.cache()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask { try await cache.answer(to: 1, keeping: { _ in .seconds(5) }, source.ask) }
            }
            try await eventually("it is asked") { source.asked.load(ordering: .relaxed) == 1 }
            source.isOpen.store(true, ordering: .relaxed)
            for try await answer in group { #expect(answer == 1) }
        }
    }

    @Test func `an error is not kept`() async throws {
        let cache = Source().cache()
        for _ in 0..<2 {
            await #expect(throws: Away.self) {
                try await cache.answer(to: 1, keeping: { _ in .seconds(5) }) { throw Away() }
            }
        }
        #expect(try await cache.answer(to: 1, keeping: { _ in .seconds(5) }) { 7 } == 7)
    }

    @Test func `made-up keys don't fill the memory, and are not all asked about at once`() async throws {
        let source = Source()
        let cache = source.cache(capacity: 10)
        for key in 0..<1_000 { _ = try await cache.answer(to: key, keeping: { _ in .seconds(60) }, source.ask) }
        #expect(cache.count <= 10)
        source.isOpen.store(false, ordering: .relaxed)
        let waiting = (2_000..<2_256).map { key in
            Task { try await cache.answer(to: key, keeping: { _ in .seconds(60) }, source.ask) }
        }
        try await eventually("they are asked") { source.asked.load(ordering: .relaxed) == 1_256 }
        await #expect(throws: AuthServiceError.self) {
            try await cache.answer(to: 3_000, keeping: { _ in .seconds(60) }, source.ask)
        }
        source.isOpen.store(true, ordering: .relaxed)
        for task in waiting { _ = try await task.value }
    }
}
