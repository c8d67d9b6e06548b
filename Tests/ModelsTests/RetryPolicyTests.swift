import FlotillaModels
import Testing

struct RetryPolicyTests {
    @Test func `three attempts leave two retries`() {
        let policy = RetryPolicy(attempts: 3, base: .seconds(1), factor: 4, jitter: 0)
        #expect(policy.delay(afterFailures: 1, chance: 0) == .seconds(1))
        #expect(policy.delay(afterFailures: 2, chance: 0) == .seconds(4))
        #expect(policy.delay(afterFailures: 3, chance: 0) == nil)
    }

    @Test func `no wait exceeds the cap, jitter included`() {
        let policy = RetryPolicy(attempts: 100, base: .seconds(1), factor: 10, cap: .seconds(60), jitter: 0.5)
        #expect(policy.delay(afterFailures: 99, chance: 1) == .seconds(60))
        #expect(policy.delay(afterFailures: 99, chance: -1) == .seconds(30))
    }
}

struct DelayLadderTests {
    @Test func `a delay is a binary number of units, most significant digit first`() {
        let ladder = DelayLadder(unit: .milliseconds(100), levels: 4)
        #expect(ladder.routingKey(for: .milliseconds(1_000), to: "a.b") == "1.0.1.0.a.b")
        #expect(ladder.routingKey(for: .milliseconds(300), to: "a.b") == "0.0.1.1.a.b")
        #expect(ladder.routingKey(for: .milliseconds(1), to: "a.b") == "0.0.0.1.a.b")
        #expect(ladder.routingKey(for: .seconds(3_600), to: "a.b") == "1.1.1.1.a.b")
        #expect(ladder.routingKey(for: .zero, to: "a.b") == "0.0.0.0.a.b")
    }
}

struct FailureTests {
    @Test func `failures that differ in numbers and ids share a fingerprint`() {
        let one = Failure(type: "timeout", message: "user 12 (0af7651916cd43dd) at 3", isPermanent: false)
        let two = Failure(type: "timeout", message: "user 9913 (b7ad6b7169203331) at 5", isPermanent: false)
        let other = Failure(type: "timeout", message: "group 12 (0af7651916cd43dd) at 3", isPermanent: false)
        #expect(one.fingerprint == two.fingerprint)
        #expect(one.fingerprint != other.fingerprint)
        #expect(one.fingerprint.utf8.count == 16)
    }
}
