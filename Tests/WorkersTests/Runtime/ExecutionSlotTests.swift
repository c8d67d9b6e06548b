import Models
import Testing

@testable import Workers

struct ExecutionSlotTests {
    @Test func `results come through`() async {
        let slot = ExecutionSlot(timeout: .seconds(60))
        guard case .finished(let results) = await slot.run({ [.success(.done)] }) else {
            Issue.record("did not finish")
            return
        }
        #expect(results.count == 1)
    }

    @Test func `a handler over its time is cancelled, and that is no interruption`() async {
        let slot = ExecutionSlot(timeout: .zero)
        let started = Signal()
        async let end = slot.run {
            started.fire()
            try? await Task.sleep(for: .seconds(600))
            return [.failure(CancellationError())]
        }
        await started.wait()
        #expect(!slot.enforce(.now))
        guard case .timedOut(isStillRunning: false) = await end else {
            Issue.record("not timed out")
            return
        }
    }

    @Test func `a handler that ignores its cancellation is given up, and the slot goes on`() async {
        let slot = ExecutionSlot(timeout: .zero, grace: .zero)
        let (started, released) = (Signal(), Signal())
        async let end = slot.run {
            started.fire()
            await released.wait()
            return [.success(.done)]
        }
        await started.wait()
        #expect(!slot.enforce(.now))
        #expect(slot.enforce(.now))
        guard case .timedOut(isStillRunning: true) = await end else {
            Issue.record("not given up")
            return
        }
        async let next = slot.run { [.success(.snooze(.seconds(1)))] }
        released.fire()
        guard case .finished(let results) = await next, case .success(.snooze) = results[0] else {
            Issue.record("the slot took the result of the handler it had given up")
            return
        }
    }

    @Test func `a handler that succeeds in spite of its cancellation has succeeded`() async {
        let slot = ExecutionSlot(timeout: .zero, grace: .seconds(60))
        let (started, released) = (Signal(), Signal())
        async let end = slot.run {
            started.fire()
            await released.wait()
            return [.success(.done)]
        }
        await started.wait()
        _ = slot.enforce(.now)
        released.fire()
        guard case .finished = await end else {
            Issue.record("its success was not taken")
            return
        }
    }

    @Test func `a drain interrupts, which is no failure`() async {
        let slot = ExecutionSlot(timeout: .seconds(60))
        let started = Signal()
        async let end = slot.run {
            started.fire()
            try? await Task.sleep(for: .seconds(600))
            return [.failure(CancellationError())]
        }
        await started.wait()
        slot.interrupt()
        guard case .interrupted = await end else {
            Issue.record("not interrupted")
            return
        }
    }
}
