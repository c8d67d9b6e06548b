import FlotillaPlatform
import Testing

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
}
