import FlotillaModels
import FlotillaTestSupport
import Synchronization
@testable import Workers
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SharedPermitsTests {
    /// How many have a permit, and had one at a time at most.
    private final class Holders: Sendable {
        private let counts = Mutex((now: 0, most: 0))

        var most: Int { counts.withLock(\.most) }

        func enter() { counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }

        func leave() { counts.withLock { $0.now -= 1 } }
    }

    @Test func `who waits is let through when a permit is given back, and no earlier`() async throws {
        let permits = SharedPermits(1)
        #expect(await permits.acquire(.low))
        let second = Task { await permits.acquire(.high) }
        try await eventually("it waits") { permits.waiting == 1 }
        #expect(permits.free == 0)
        permits.giveBack()
        #expect(await second.value)
        permits.giveBack()
        #expect(permits.free == 1 && permits.waiting == 0)
    }

    @Test func `a task that is cancelled while it waits gets no permit, and takes none along`() async throws {
        let permits = SharedPermits(1)
        #expect(await permits.acquire(.normal))
        let waiting = (0..<10).map { _ in Task { await permits.acquire(.normal) } }
        try await eventually("they wait") { permits.waiting == 10 }
        for task in waiting.dropLast() { task.cancel() }
        for task in waiting.dropLast() { #expect(await !task.value) }
        #expect(permits.waiting == 1)
        permits.giveBack()
        #expect(await waiting[9].value)
        permits.giveBack()
        #expect(permits.free == 1)
    }

    @Test func `a task that is cancelled before it asks gets none, and its own goes back`() async {
        let permits = SharedPermits(1)
        #expect(await permits.acquire(.low))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await permits.acquire(.low, returningOne: true)
        }
        #expect(await !task.value)
        #expect(permits.free == 1)
    }

    @Test func `who gives a permit back for another is among those who wait for it`() async throws {
        let permits = SharedPermits(1)
        // The low level has had its message, and comes after 16 high ones.
        #expect(await permits.acquire(.low))
        permits.giveBack()
        #expect(await permits.acquire(.high))
        let low = Task { await permits.acquire(.low) }
        try await eventually("it waits") { permits.waiting == 1 }
        #expect(await permits.acquire(.high, returningOne: true))
        #expect(permits.waiting == 1)
        permits.giveBack()
        #expect(await low.value)
    }

    @Test func `once closed nobody waits and nobody gets a permit`() async throws {
        let permits = SharedPermits(1)
        #expect(await permits.acquire(.low))
        let waiting = JobPriority.allCases.map { level in Task { await permits.acquire(level) } }
        try await eventually("they wait") { permits.waiting == 3 }
        permits.close()
        for task in waiting { #expect(await !task.value) }
        #expect(await !permits.acquire(.high, returningOne: true))
        #expect(permits.free == 1)
    }

    @Test func `tasks of all levels that are cancelled at random leave every permit behind`() async {
        let permits = SharedPermits(3)
        let holders = Holders()
        await withDiscardingTaskGroup { tasks in
            for number in 0..<600 {
                tasks.addTask {
                    let task = Task {
                        guard await permits.acquire(JobPriority.allCases[number % 3]) else { return }
                        holders.enter()
                        for _ in 0..<number % 5 { await Task.yield() }
                        holders.leave()
                        permits.giveBack()
                    }
                    if number % 2 == 0 { task.cancel() }
                    await task.value
                }
            }
        }
        #expect(permits.free == 3 && permits.waiting == 0)
        #expect(holders.most <= 3)
    }
}
