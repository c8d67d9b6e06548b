@testable import FlotillaStorage
import Testing

struct PostgresErrorTests {
    private func error(_ state: String) -> PostgresError {
        PostgresError(code: .sqlState(state), operation: "test", detail: "")
    }

    @Test(arguments: ["25006", "53100", "53200", "53300"])
    func `a server that is read-only or full is out, and its session is not used again`(state: String) {
        #expect(error(state).isOutage)
        #expect(error(state).endsSession)
    }

    @Test func `a mistake in a statement costs no session`() {
        #expect(!error("23505").endsSession)
        #expect(!error("57014").endsSession)
    }

    @Test func `the server's own limits are slowness, and so is the caller's deadline`() {
        #expect(error("57014").wait == .work)
        #expect(error("55P03").wait == .lock)
        #expect(PostgresError.deadline("test", .connection).wait == .connection)
        #expect(!PostgresError.deadline("test", .work).isOutage)
        #expect(PostgresError.deadline("test", .work).isRetriable)
        #expect(error("23505").wait == nil)
    }

    @Test func `a deadline during a commit leaves it open whether it has happened`() {
        #expect(PostgresError.deadline("commit", .work).whileCommitting(true).isCommitUnknown)
        #expect(!PostgresError.deadline("select", .work).whileCommitting(false).isCommitUnknown)
    }

    @Test func `the cause says nothing of the statement`() {
        #expect(error("25006").cause == "read-only")
        #expect(error("53100").cause == "disk full")
        #expect(PostgresError.unavailable("connect", "host secret.example").cause == "unreachable")
    }

    @Test(arguments: ["57P01", "57P02", "57P03", "53300", "08006", "25006"])
    func `a server that is down, stopping, full or a standby is an outage`(_ state: String) {
        let error = PostgresError(code: .sqlState(state), operation: "", detail: "")
        #expect(error.isOutage && error.isRetriable)
    }

    @Test(arguments: ["40001", "40P01", "55P03", "57014"])
    func `a conflict is retriable but no outage`(_ state: String) {
        let error = PostgresError(code: .sqlState(state), operation: "", detail: "")
        #expect(!error.isOutage && error.isRetriable)
    }

    @Test(arguments: ["23505", "42601", "22021"])
    func `a mistake in a statement is neither`(_ state: String) {
        let error = PostgresError(code: .sqlState(state), operation: "", detail: "")
        #expect(!error.isOutage && !error.isRetriable)
    }
}
