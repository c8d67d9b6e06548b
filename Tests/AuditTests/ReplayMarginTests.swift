import FlotillaModels
import Testing

@testable import FlotillaAudit

struct ReplayMarginTests {
    private func queue(attempts: Int, base: Duration, cap: Duration = .seconds(300)) -> QueueDefinition {
        QueueDefinition(
            name: "a.b",
            worker: "w",
            timeout: .seconds(30),
            retry: RetryPolicy(attempts: attempts, base: base, factor: 4, cap: cap, jitter: 0)
        )
    }

    @Test func `the margin is as long as all attempts with their waits may take, and a minute`() {
        #expect(queue(attempts: 1, base: .seconds(1)).replayMargin == .seconds(90))
        #expect(queue(attempts: 3, base: .seconds(1)).replayMargin == .seconds(90 + 60 + 1 + 4))
    }

    @Test func `the margin is at most six hours`() {
        #expect(queue(attempts: 1_000, base: .seconds(300)).replayMargin == .seconds(21_600))
    }
}
