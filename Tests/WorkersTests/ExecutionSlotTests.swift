import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
@testable import Workers
import Testing

struct ExecutionSlotTests {
    private let messages: [InboundMessage] = (1...3).map { (number: UInt64) in
        let delivery = Delivery(
            message: Message(),
            queue: "q.e",
            exchange: "",
            routingKey: "e",
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: number)
        )
        guard
            case .admitted(let message) = Intake(queue: QueueDefinition(name: "q.e", worker: "w")).admit(
                delivery,
                now: 0
            )
        else { preconditionFailure("refused") }
        return message
    }

    /// A slot in its first generation, whose first step of one message is running in a task that only ends when cancelled.
    private func running(timeout: Duration, cancellationTimeout: Duration = .seconds(60)) async -> (
        ExecutionSlot, ended: Signal
    ) {
        let slot = ExecutionSlot(timeout: timeout, cancellationTimeout: cancellationTimeout)
        let (begun, ended) = (Signal(), Signal())
        slot.launch { generation in
            slot.accept(messages, generation)
            slot.beginStep(of: 1, generation)
            begun.fire()
            try? await Task.sleep(for: .seconds(600))
            ended.fire()
        }
        await begun.wait()
        return (slot, ended)
    }

    @Test func `results gather step by step and are handed over once`() {
        let slot = ExecutionSlot(timeout: .seconds(60))
        slot.accept(messages, 0)
        for _ in 1...2 {
            slot.beginStep(of: 1, 0)
            guard case .goOn = slot.endStep([.success(.done)], 0) else {
                Issue.record("did not go on")
                return
            }
        }
        #expect(slot.finish(0)?.results.count == 2)
        #expect(slot.finish(0)?.messages.isEmpty == true)
    }

    @Test func `a handler over its time is cancelled, and its failure is the time limit`() async {
        let (slot, ended) = await running(timeout: .zero)
        #expect(slot.enforce(.now) == nil)
        await ended.wait()
        guard case .timedOut(let work) = slot.endStep([.failure(CancellationError())], 1) else {
            Issue.record("not overtime")
            return
        }
        #expect(work.messages.count == 3)
        #expect(throws: TimeLimitExceeded.self) { try work.results[0].get() }
    }

    @Test func `a time limit that passes while a statement waits for a lock says so`() async throws {
        let (slot, ended) = await running(timeout: .zero)
        _ = slot.enforce(.now)
        await ended.wait()
        let cancelled = PostgresError(code: .cancelled, operation: "insert", detail: "cancelled", wait: .lock)
        guard case .timedOut(let work) = slot.endStep([.failure(cancelled)], 1) else {
            Issue.record("not overtime")
            return
        }
        let error = #expect(throws: TimeLimitExceeded.self) { try work.results[0].get() }
        #expect(error?.wait == .lock)
    }

    @Test func `an outage that a handler meets at its time limit stays an outage`() async throws {
        let (slot, ended) = await running(timeout: .zero)
        _ = slot.enforce(.now)
        await ended.wait()
        let lost = PostgresError.unavailable("insert", "no answer from the server")
        guard case .timedOut(let work) = slot.endStep([.failure(lost)], 1) else {
            Issue.record("not overtime")
            return
        }
        #expect(throws: PostgresError.self) { try work.results[0].get() }
    }

    @Test func `a handler that succeeds in spite of its cancellation has succeeded`() async {
        let (slot, ended) = await running(timeout: .zero)
        _ = slot.enforce(.now)
        await ended.wait()
        guard case .timedOut(let work) = slot.endStep([.success(.done)], 1) else {
            Issue.record("not overtime")
            return
        }
        #expect(work.results.count == 1)
        #expect(work.results[0].isSuccess)
    }

    @Test func `a handler that ignores its cancellation is given up, and its late result counts for nothing`() async {
        let (slot, ended) = await running(timeout: .zero, cancellationTimeout: .zero)
        #expect(slot.enforce(.now) == nil)
        let work = slot.enforce(.now)
        #expect(work?.messages.count == 3)
        #expect(work?.results.count == 1)
        await ended.wait()
        guard case .abandoned = slot.endStep([.success(.done)], 1) else {
            Issue.record("the slot took a result of the handler it had given up")
            return
        }
        #expect(slot.finish(1) == nil)
    }

    @Test func `a permit is given back once, by the task that serves the slot then`() async {
        let (slot, ended) = await running(timeout: .zero, cancellationTimeout: .zero)
        slot.notePermit(1)
        _ = slot.enforce(.now)
        #expect(slot.enforce(.now) != nil)
        await ended.wait()
        let taken = Signal()
        slot.launch { generation in
            #expect(!slot.takePermit(1))
            #expect(slot.takePermit(generation))
            #expect(!slot.takePermit(generation))
            taken.fire()
        }
        await taken.wait()
    }

    @Test func `a drain interrupts, and what had not ended stays without a result`() async {
        let (slot, ended) = await running(timeout: .seconds(60))
        slot.interrupt()
        await ended.wait()
        guard case .interrupted(let work) = slot.endStep([.failure(CancellationError())], 1) else {
            Issue.record("not interrupted")
            return
        }
        #expect(work.results.isEmpty)
    }
}
