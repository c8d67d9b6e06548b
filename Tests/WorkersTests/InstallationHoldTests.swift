import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Synchronization
import Testing
import WorkerTestKit

@testable import Workers

/// What the installation lacks holds the queue that needs it, and nothing else.
@Suite(.timeLimit(.minutes(2)))
struct InstallationHoldTests {
    /// A database that lacks a table until it is told otherwise, and counts the statements that were refused.
    private final class Installation: Sendable {
        private let state = Mutex((isComplete: false, refused: 0))
        let sqlState: String

        init(_ sqlState: String = "42P01") { self.sqlState = sqlState }

        var refused: Int { state.withLock { $0.refused } }

        func complete() { state.withLock { $0.isComplete = true } }

        func answer() throws -> Int {
            try state.withLock { state in
                guard !state.isComplete else { return 1 }
                state.refused += 1
                throw PostgresError(code: .sqlState(sqlState), operation: "insert", detail: "there is no such thing")
            }
        }
    }

    private func fleet(_ installation: Installation) throws -> TestFleet {
        try TestFleet(topology: Parcels.topology) { _ in try installation.answer() }
    }

    @Test(arguments: ["42P01", "42703", "42883", "42501", "3D000", "28P01"])
    func `what the installation lacks spends no attempt, and work goes on once it is there`(
        _ sqlState: String
    ) async throws {
        let installation = Installation(sqlState)
        let fleet = try fleet(installation)
        try fleet.register(ParcelWorker())
        for number in 0..<20 { try await fleet.publish("parcel.sent", body: Parcels.body(1), id: "p\(number)") }
        try await fleet.start()
        try await eventually("it was tried more than three times") { installation.refused > 3 }
        #expect(fleet.deadLetters(of: Parcels.queue).isEmpty)
        installation.complete()
        try await fleet.waitUntilSettled(within: .seconds(30))
        #expect(fleet.statements.count == 20)
        #expect(fleet.deadLetters(of: Parcels.queue).isEmpty)
        try await fleet.shutdown()
    }

    @Test func `while a queue is held one message is tried at a time, and a batch is not taken apart`() async throws {
        let installation = Installation()
        let fleet = try fleet(installation)
        try fleet.register(ParcelWorker())
        try fleet.register(ParcelBatchWorker())
        for number in 0..<100 { try await fleet.publish("parcel.weighed", body: Parcels.body(1), id: "b\(number)") }
        try await fleet.start()
        try await eventually("it was tried again") { installation.refused >= 3 }
        // Two batches at first, then one at a time at growing waits: not one try for each message or half.
        #expect(installation.refused < 12)
        installation.complete()
        try await fleet.waitUntilSettled(within: .seconds(30))
        #expect(fleet.statements.count == 100)
        #expect(fleet.deadLetters(of: Parcels.batchQueue).isEmpty)
        try await fleet.shutdown()
    }

    @Test func `a fleet whose queue is held stops when it is told to, and gives back what it holds`() async throws {
        let installation = Installation()
        let fleet = try fleet(installation)
        try fleet.register(ParcelWorker())
        for number in 0..<5 { try await fleet.publish("parcel.sent", body: Parcels.body(1), id: "p\(number)") }
        try await fleet.start()
        try await eventually("it was tried") { installation.refused > 0 }
        try await fleet.shutdown()
        #expect(fleet.waiting(in: Parcels.queue).count == 5)
    }

    @Test func `the wait grows from trial to trial, and a success ends the hold`() async {
        let hold = InstallationHold(queue: "q", log: .silent, gauge: Metrics().gauge("held", "held"))
        let fault = InstallationFault(sqlState: "42P01", problem: "no table")
        #expect(await hold.waitForTurn() == false)
        hold.record(fault)
        #expect(hold.isHeld)
        #expect(hold.report?.sqlState == "42P01")
        for _ in 0..<2 {
            #expect(await hold.waitForTurn())
            #expect(hold.seeksMessage)
            hold.beginTrial()
            hold.record(fault)
            hold.endTrial()
        }
        let start = ContinuousClock.now
        #expect(await hold.waitForTurn())
        #expect(ContinuousClock.now - start > .milliseconds(1_500))
        hold.recordSuccess()
        #expect(hold.isHeld, "only a trial's success counts")
        hold.beginTrial()
        hold.recordSuccess()
        hold.endTrial()
        #expect(!hold.isHeld)
        #expect(hold.report == nil)
    }
}

extension Log {
    fileprivate static let silent = Log(service: "test", threshold: .error, descriptor: -1)
}
