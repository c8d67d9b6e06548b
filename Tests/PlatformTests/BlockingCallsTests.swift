import Dispatch
import Testing

@testable import FlotillaPlatform

struct BlockingCallsTests {
    @Test(.timeLimit(.minutes(1)))
    func `a call that does not return holds up no other while a thread is free`() async throws {
        let calls = BlockingCalls(name: "test", threads: 2)
        let gate = DispatchSemaphore(value: 0)
        async let stuck: Void = calls.run { gate.wait() }
        for number in 1...6 { #expect(await calls.run { number * 2 } == number * 2) }
        gate.signal()
        await stuck
    }

    @Test(.timeLimit(.minutes(1)))
    func `calls that wait are made in order, and errors come back`() async throws {
        struct Refusal: Error {}
        let calls = BlockingCalls(name: "test", threads: 3)
        let sums = await withTaskGroup { group in
            for number in 0..<200 { group.addTask { await calls.run { number } } }
            return await group.reduce(0, +)
        }
        #expect(sums == 199 * 100)
        await #expect(throws: Refusal.self) {
            try await calls.run { () throws(Refusal) in throw Refusal() }
        }
    }
}
