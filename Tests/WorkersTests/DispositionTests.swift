import FlotillaModels
import FlotillaStorage
@testable import Workers
import Testing

struct DispositionTests {
    private struct SMTPTrouble: Error {}

    private func disposition(of error: any Error, attempt: Int = 1) -> Disposition {
        Disposition(.failure(error), attempt: attempt, policy: RetryPolicy(attempts: 3, jitter: 0), chance: 0)
    }

    @Test func `any error is tried again after the policy's wait, and named after its type`() {
        guard case .retry(.seconds(1), let failure) = disposition(of: SMTPTrouble()) else {
            Issue.record("no retry")
            return
        }
        #expect(failure.type == "smtptrouble")
    }

    @Test func `the last attempt dead-letters`() {
        guard case .deadLetter = disposition(of: SMTPTrouble(), attempt: 3) else {
            Issue.record("not dead-lettered")
            return
        }
    }

    @Test func `an invalid payload spends no retries and names its field`() {
        guard case .deadLetter(let failure) = disposition(of: InvalidPayload(field: "a.b", problem: "missing")) else {
            Issue.record("not dead-lettered")
            return
        }
        #expect(failure.type == "invalid_payload")
        #expect(failure.message == "a.b: missing")
    }

    @Test func `an error that says when waits exactly that long`() {
        guard case .retry(.seconds(90), _) = disposition(of: RetryLater(after: .seconds(90), reason: "busy")) else {
            Issue.record("another wait")
            return
        }
    }

    @Test func `an outage of Postgres holds the message, whatever the attempt`() {
        let error = PostgresError.unavailable("query", "connection refused")
        guard case .hold(.postgres, _) = disposition(of: error, attempt: 3) else {
            Issue.record("not held")
            return
        }
    }

    @Test(arguments: ["42P01", "42703", "42883", "42501", "3D000", "28000", "28P01"])
    func `what the installation lacks holds the queue, whatever the attempt`(_ sqlState: String) {
        let error = PostgresError(code: .sqlState(sqlState), operation: "query", detail: "no such table")
        guard case .holdQueue(let fault) = disposition(of: error, attempt: 3) else {
            Issue.record("not held")
            return
        }
        #expect(fault.sqlState == sqlState)
    }
}
