import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

@testable import FlotillaJobs
@testable import Workers

/// Jobs in real workers: cancelled while they run, with results, and with jobs of their own.
@Suite(.enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(5)))
struct RunningJobTests {
    private static func with(_ worker: Scripted, _ body: (JobFleet) async throws -> Void) async throws {
        try await JobFleet.with(worker, slots: 1) { fleet in
            try await fleet.database.execute("CREATE TABLE effects (id text PRIMARY KEY)")
            do { try await body(fleet) } catch {
                worker.mayEnd.store(true, ordering: .releasing)
                throw error
            }
            worker.mayEnd.store(true, ordering: .releasing)
        }
    }

    @Test func `a handler of a cancelled job is asked to end, and its effect is never there`() async throws {
        try await Self.with(Scripted()) { fixture in
            let id = try await fixture.enqueue(#"{"does":"waits"}"#)
            try await fixture.untilRunning(id)
            #expect(try await fixture.jobs.cancel(id, because: "no more") == .cancelling)
            #expect(try await fixture.jobs.cancel(id) == nil)
            try await fixture.until(id, is: .cancelled)
            #expect(try await fixture.jobs.get(id)?.reason == "no more")
            #expect(try await fixture.effects() == [])
            // The slot is free again, and nothing is left in the queue.
            let next = try await fixture.enqueue(#"{"does":"effect"}"#)
            try await fixture.until(next, is: .succeeded)
            #expect(try await fixture.effects() == [next])
        }
    }

    @Test func `a handler that does not end is given up, its late effect is refused, and the slot goes on without it`()
        async throws
    {
        let worker = Scripted()
        try await Self.with(worker) { fixture in
            let id = try await fixture.enqueue(#"{"does":"ignores"}"#)
            try await fixture.untilRunning(id)
            #expect(try await fixture.jobs.cancel(id, within: .seconds(1)) == .cancelling)
            try await fixture.until(id, is: .cancelled)
            let next = try await fixture.enqueue(#"{"does":"effect"}"#)
            try await fixture.until(next, is: .succeeded)
            worker.mayEnd.store(true, ordering: .releasing)
            try await eventually("the handler has ended") { worker.ended.load(ordering: .acquiring) == 1 }
            #expect(try await fixture.effects() == [next])
            #expect(try await fixture.state(id) == .cancelled)
        }
    }

    @Test func `a handler that ends well after the cancellation has lost, and so has one that fails`() async throws {
        let worker = Scripted()
        try await Self.with(worker) { fixture in
            for does in ["ignores", "fails late"] {
                worker.mayEnd.store(false, ordering: .releasing)
                let id = try await fixture.enqueue("{\"does\":\"\(does)\"}")
                try await fixture.untilRunning(id)
                #expect(try await fixture.jobs.cancel(id, within: .seconds(120)) == .cancelling)
                worker.mayEnd.store(true, ordering: .releasing)
                try await fixture.until(id, is: .cancelled)
            }
            #expect(try await fixture.effects() == [])
        }
    }

    @Test func `the result is kept with the job, one that is too large is a permanent error`() async throws {
        try await Self.with(Scripted()) { fixture in
            let id = try await fixture.enqueue(#"{"does":"result"}"#)
            try await fixture.until(id, is: .succeeded)
            #expect(try await fixture.jobs.get(id)?.result?.replacing(" ", with: "") == #"{"files":3}"#)
            let large = try await fixture.enqueue(#"{"does":"large result"}"#)
            try await fixture.until(large, is: .dead)
            #expect(try await fixture.jobs.get(large)?.errorType == "result_too_large")
        }
    }

    @Test func `a handler enqueues jobs with its effect, and none without it`() async throws {
        try await Self.with(Scripted()) { fixture in
            let id = try await fixture.enqueue(#"{"does":"enqueues"}"#)
            try await fixture.until(id, is: .succeeded)
            try await eventually("the new job has run") { try await fixture.effects().count == 2 }
            let jobs = try await fixture.jobs.list(JobFilter())
            #expect(jobs.count == 2)
            #expect(jobs[0].createdBy == "worker:scripted")
            #expect(jobs[0].correlationID == "of the first")
            let failing = try await fixture.enqueue(#"{"does":"enqueues and fails"}"#)
            try await fixture.until(failing, is: .dead)
            #expect(try await fixture.jobs.list(JobFilter()).count == 3)
        }
    }

    @Test func `a job that has waited too long does not start, although its message is in the queue`() async throws {
        try await Self.with(Scripted()) { fixture in
            let blocking = try await fixture.enqueue(#"{"does":"waits"}"#)
            try await fixture.untilRunning(blocking)
            let id = try await fixture.enqueue(#"{"does":"effect"}"#) {
                $0.expiresAt = WallClockNow.microseconds + 500_000
            }
            try await fixture.until(id, is: .expired)
            #expect(try await fixture.jobs.cancel(blocking) == .cancelling)
            let next = try await fixture.enqueue(#"{"does":"effect"}"#)
            try await fixture.until(next, is: .succeeded)
            #expect(try await fixture.effects() == [next])
        }
    }
}

private enum WallClockNow {
    static var microseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
}

/// Does what the payload says.
private final class Scripted: Worker {
    struct Payload: Decodable, Sendable { let does: String }
    struct Failed: Error {}

    static let name = "scripted"

    let mayEnd = Atomic(false)
    let ended = Atomic(0)

    func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome {
        switch payload.does {
        case "waits": try await Task.sleep(for: .seconds(600))
        case "ignores", "fails late":
            // A pause that cancellation does not end.
            while !mayEnd.load(ordering: .acquiring) {
                await Task { try? await Task.sleep(for: .milliseconds(5)) }.value
            }
            if payload.does == "fails late" { throw Failed() }
        case "result": try context.setResult(["files": 3])
        case "large result": try context.setResult(json: Array("\"\(String(repeating: "x", count: 70_000))\"".utf8))
        case "enqueues and fails":
            _ = try await context.transaction { transaction in
                _ = try await transaction.enqueue(OutgoingJob("test.run", payload: Array(#"{"does":"effect"}"#.utf8)))
                throw PermanentError(type: "broken", message: "after the enqueue")
            }
        default: break
        }
        defer { ended.add(1, ordering: .releasing) }
        _ = try await context.transaction { transaction in
            try await transaction.execute(
                SQLStatement("INSERT INTO effects (id) VALUES ($1)", [.text(context.messageID)])
            )
            if payload.does == "enqueues" {
                _ = try await transaction.enqueue(try OutgoingJob("test.run", json: ["does": "effect"]))
            }
        }
        return .done
    }
}

extension JobFleet {
    fileprivate func enqueue(
        _ payload: String,
        _ change: (inout NewJob) -> Void = { _ in }
    ) async throws -> String {
        var job = NewJob(type: Self.type, payload: Array(payload.utf8), correlationID: "of the first")
        change(&job)
        return try #require(try await jobs.enqueue(job).job).id
    }

    fileprivate func state(_ id: String) async throws -> JobState? { try await jobs.get(id)?.state }

    fileprivate func until(_ id: String, is state: JobState) async throws {
        try await eventually("the job is \(state.rawValue)") { try await self.state(id) == state }
    }

    fileprivate func untilRunning(_ id: String) async throws { try await until(id, is: .running) }

    fileprivate func effects() async throws -> [String] {
        try await database.pool.query(SQLStatement("SELECT id FROM effects ORDER BY id")).compactMap { $0.text(0) }
    }
}
