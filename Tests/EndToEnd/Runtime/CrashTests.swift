import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestServers.areAvailable)) struct CrashTests {
    /// Runs workers one after another, as a supervisor would, until `isDone`; returns how many crashed.
    private func superviseUntil(_ fixture: FaultyWorkerFixture, _ isDone: @escaping () async throws -> Bool)
        async throws -> Int
    {
        var crashes = 0
        while true {
            let worker = try fixture.worker()
            try await eventually("done, or a crash", within: .seconds(60)) {
                let isDone = try await isDone()
                return isDone || !worker.isRunning
            }
            if worker.isRunning {
                #expect(try await worker.stop() == 0)
                return crashes
            }
            crashes += 1
            guard crashes < 15 else { throw TestSetupError(description: "crashes for ever:\n\(fixture.log())") }
        }
    }

    @Test func `a message that aborts its process is isolated, and its neighbours are all done`() async throws {
        try await FaultyWorkerFixture.with(["prefetch: 250"]) { fixture in
            var messages = (1...200).map { ("g\($0)", #"{"kind":"succeed","milliseconds":5}"#) }
            messages.insert(("killer", #"{"kind":"abort"}"#), at: 100)
            try await fixture.publish("single", messages)
            let crashes = try await superviseUntil(fixture) {
                let (dead, effects) = (
                    try await fixture.deadLetterCount(of: fixture.single), try await fixture.distinctEffectCount()
                )
                return dead == 1 && effects == 200
            }
            #expect((1...3).contains(crashes), "\(crashes) crashes")
            let dead = try #require(try await fixture.admin.get(QueueName.deadLetter(of: fixture.single))).message
            #expect(dead.properties.messageID == "killer")
            #expect(dead.headers[FleetHeader.errorType] == "process_crash")
            #expect(try await fixture.effectCount() == 200)
        }
    }

    @Test func `in a batch the killer is found by halves`() async throws {
        try await FaultyWorkerFixture.with(["prefetch: 250"]) { fixture in
            var messages = (1...200).map { ("g\($0)", #"{"kind":"succeed"}"#) }
            messages.insert(("killer", #"{"kind":"abort"}"#), at: 100)
            try await fixture.publish("batch", messages)
            let crashes = try await superviseUntil(fixture) {
                let (dead, effects) = (
                    try await fixture.deadLetterCount(of: fixture.batch), try await fixture.distinctEffectCount()
                )
                return dead == 1 && effects == 200
            }
            #expect((1...8).contains(crashes), "\(crashes) crashes")
            let dead = try #require(try await fixture.admin.get(QueueName.deadLetter(of: fixture.batch))).message
            #expect(dead.properties.messageID == "killer")
            #expect(try await fixture.effectCount() == 200)
        }
    }

    @Test func `being killed from outside again and again blames no message`() async throws {
        try await FaultyWorkerFixture.with(["prefetch: 250"]) { fixture in
            let messages = (1...400).map { ("g\($0)", #"{"kind":"succeed","milliseconds":20}"#) }
            try await fixture.publish("single", messages)
            for _ in 1...4 {
                let before = fixture.executionCount()
                let worker = try fixture.worker()
                try await eventually("some run", within: .seconds(30)) { fixture.executionCount() >= before + 10 }
                worker.send(9)
                #expect(try await worker.waitForEnd() == -9)
            }
            let worker = try fixture.worker()
            try await eventually("all are done", within: .seconds(60)) {
                try await fixture.distinctEffectCount() == 400
            }
            #expect(try await worker.stop() == 0)
            #expect(try await fixture.effectCount() == 400)
            #expect(try await fixture.deadLetterCount(of: fixture.single) == 0)
        }
    }

    @Test func `a drain under load finishes what runs, returns the rest, and exits with 0`() async throws {
        try await FaultyWorkerFixture.with { fixture in
            let messages = (1...300).map { ("g\($0)", #"{"kind":"succeed","milliseconds":50}"#) }
            try await fixture.publish("single", messages)
            let first = try fixture.worker()
            try await eventually("some run", within: .seconds(30)) { fixture.executionCount() >= 40 }
            #expect(try await first.stop() == 0)
            let done = try await fixture.effectCount()
            #expect(fixture.executionCount() == done, "an execution was broken off")
            let waiting = try await fixture.admin.queueDepth(fixture.single)?.ready
            #expect(waiting == 300 - done)
            let second = try fixture.worker()
            try await eventually("the rest", within: .seconds(60)) { try await fixture.effectCount() == 300 }
            try await second.stop()
            #expect(fixture.executionCount() == 300, "a finished message was delivered again")
        }
    }
}
