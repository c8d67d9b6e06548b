@testable import FlotillaStorage
import Testing

struct AnswerWaitTests {
    private let start = ContinuousClock.now

    private func wait(until deadline: Duration? = nil, statement: Duration = .seconds(30)) throws -> AnswerWait {
        var configuration = try PostgresConfiguration(url: "postgresql://nobody@localhost/none")
        configuration.statementTimeout = statement
        return AnswerWait(configuration, until: deadline.map { start + $0 }, now: start)
    }

    @Test func `a server that is silent for ten seconds is asked over another session`() throws {
        let wait = try wait()
        #expect(wait.nextStep == start + .seconds(10))
        #expect(wait.step(isInterrupted: false, now: start + .seconds(9)) == .none)
        #expect(wait.step(isInterrupted: false, now: start + .seconds(10)) == .inquire)
    }

    @Test func `silence there too means that the connection is lost`() throws {
        var wait = try wait()
        wait.noteInquiry(.silent, now: start + .seconds(12))
        #expect(wait.step(isInterrupted: false, now: start + .seconds(12)) == .giveUp)
    }

    @Test func `a session that has nothing to do gets a moment for its answer, then the connection is lost`() throws {
        var wait = try wait()
        wait.noteInquiry(.idle, now: start + .seconds(10))
        #expect(wait.step(isInterrupted: false, now: start + .seconds(11)) == .none)
        #expect(wait.step(isInterrupted: false, now: start + .seconds(12)) == .giveUp)
        wait.hear(now: start + .seconds(11))
        #expect(wait.step(isInterrupted: false, now: start + .seconds(12)) == .none)
    }

    @Test func `a long statement goes on, and is asked about less and less often`() throws {
        var wait = try wait(statement: .seconds(3_600))
        for seconds in [10, 30, 70, 150] {
            #expect(wait.step(isInterrupted: false, now: start + .seconds(seconds - 1)) == .none)
            #expect(wait.step(isInterrupted: false, now: start + .seconds(seconds)) == .inquire)
            wait.noteInquiry(.busy(.work), now: start + .seconds(seconds))
        }
        #expect(wait.step(isInterrupted: false, now: start + .seconds(3_605)) == .giveUp)
    }

    @Test func `over its deadline a statement is cancelled, with what it was waiting for`() throws {
        var wait = try wait(until: .seconds(3))
        #expect(wait.nextStep == start + .seconds(3))
        #expect(wait.step(isInterrupted: false, now: start + .seconds(3)) == .cancel)
        let cancels = wait.noteCancellation(.busy(.lock), now: start + .seconds(3))
        #expect(cancels)
        #expect(wait.cancelled == .lock)
        #expect(wait.step(isInterrupted: false, now: start + .seconds(4)) == .none)
        #expect(wait.step(isInterrupted: false, now: start + .seconds(5)) == .refuse(.lock))
    }

    @Test func `nothing is cancelled on a server that does not answer`() throws {
        var wait = try wait(until: .seconds(3))
        let cancels = wait.noteCancellation(.silent, now: start + .seconds(5))
        #expect(!cancels)
        #expect(wait.step(isInterrupted: false, now: start + .seconds(5)) == .giveUp)
    }

    @Test func `a statement whose task is cancelled is cancelled too`() throws {
        let wait = try wait()
        #expect(wait.step(isInterrupted: true, now: start) == .cancel)
    }
}
