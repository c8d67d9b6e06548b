import Glibc
import Synchronization
import Testing

@testable import FlotillaPlatform

private actor Confined {
    private let executor: ThreadExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(_ executor: ThreadExecutor) { self.executor = executor }

    var isOnItsThread: Bool { executor.isCurrentThread }
}

struct ThreadExecutorTests {
    @Test func `an actor runs on its executor's thread`() async {
        let executor = ThreadExecutor(name: "test")
        #expect(await Confined(executor).isOnItsThread)
        executor.stop()
    }

    @Test func `a call after the stop is still answered`() async {
        let executor = ThreadExecutor(name: "test")
        let confined = Confined(executor)
        executor.stop()
        for _ in 0..<100 {
            let isOnItsThread = await confined.isOnItsThread
            #expect(isOnItsThread)
        }
    }

    @Test func `work that comes while the descriptor to wake the thread is being made is done at once`() async throws {
        let executor = Mutex<ThreadExecutor?>(nil)
        let isSubmitted = Mutex(false)
        let (done, finish) = AsyncStream<Void>.makeStream()
        let kernel = EventDescriptor()
        // None at first; then one, and work in the moment before it is there.
        let wake = EventDescriptor {
            guard let executor = executor.withLock({ $0 }) else { return -1 }
            if isSubmitted.withLock({ isSubmitted in
                defer { isSubmitted = true }
                return !isSubmitted
            }) {
                executor.run { finish.yield() }
            }
            return dup(kernel.descriptor)
        }
        let made = ThreadExecutor(name: "test", wake: wake)
        executor.withLock { $0 = made }
        let isDone = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in done { return true }
                return false
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(5))
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        #expect(isDone)
        made.stop()
    }
}
