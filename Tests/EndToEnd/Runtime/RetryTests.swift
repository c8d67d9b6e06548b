import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestServers.areAvailable)) struct RetryTests {
    @Test func `a handler that fails twice succeeds at the third attempt, at the right times`() async throws {
        try await FaultyWorkerFixture.with { fixture in
            let worker = try fixture.worker()
            try await fixture.publish("single", [("m1", #"{"kind":"fail","times":2}"#)])
            try await eventually("the effect", within: .seconds(30)) { try await fixture.effectCount() == 1 }
            let executions = fixture.executions(of: "m1")
            #expect(executions.map(\.attempt) == [1, 2, 3])
            let waits = zip(executions.dropFirst(), executions).map { $0.at - $1.at }
            #expect(waits[0] >= 0.4 && waits[1] >= 0.8, "waited \(waits)")
            #expect(try await worker.stop() == 0)
            #expect(try await fixture.deadLetterCount(of: fixture.single) == 0)
        }
    }

    @Test func `one that always fails is executed three times and then lies in its dead-letter queue as it was`()
        async throws
    {
        try await FaultyWorkerFixture.with { fixture in
            let worker = try fixture.worker()
            let body = #"{"kind":"fail" , "more":"é 😀"}"#
            try await fixture.publish("single", [("m1", body)])
            try await eventually("the dead letter", within: .seconds(30)) {
                try await fixture.deadLetterCount(of: fixture.single) == 1
            }
            #expect(fixture.executions(of: "m1").map(\.attempt) == [1, 2, 3])
            try await worker.stop()
            let dead = try #require(try await fixture.admin.get(QueueName.deadLetter(of: fixture.single))).message
            #expect(dead.body == Array(body.utf8))
            #expect(dead.properties.messageID == "m1")
            #expect(dead.headers[FleetHeader.retryCount]?.integer == 3)
            #expect(dead.headers[FleetHeader.errorType] == "requested_fault")
            #expect(dead.headers[FleetHeader.originRoutingKey] == "single")
            #expect(dead.headers[FleetHeader.originExchange]?.text == fixture.topology.events.name)
            #expect(dead.headers[FleetHeader.brokerDeath] == nil)
            #expect(try await fixture.effectCount() == 0)
        }
    }

    @Test func `a rejection and a body that does not fit spend no retries`() async throws {
        try await FaultyWorkerFixture.with { fixture in
            let worker = try fixture.worker()
            try await fixture.publish("single", [("m1", #"{"kind":"reject"}"#), ("m2", #"{"kind":"explode"}"#)])
            try await eventually("the dead letters", within: .seconds(30)) {
                try await fixture.deadLetterCount(of: fixture.single) == 2
            }
            try await worker.stop()
            #expect(fixture.executions(of: "m1").count == 1)
            #expect(fixture.executions(of: "m2").isEmpty)
            var types: [String: String] = [:]
            while let dead = try await fixture.admin.get(QueueName.deadLetter(of: fixture.single))?.message {
                types[dead.properties.messageID ?? ""] = dead.headers[FleetHeader.errorType]?.text
            }
            #expect(types == ["m1": "rejected", "m2": "invalid_payload"])
        }
    }

    @Test func `a snoozed message comes back without spending an attempt`() async throws {
        try await FaultyWorkerFixture.with { fixture in
            let worker = try fixture.worker()
            try await fixture.publish("single", [("m1", #"{"kind":"snooze"}"#)])
            try await eventually("the effect", within: .seconds(30)) { try await fixture.effectCount() == 1 }
            #expect(fixture.executions(of: "m1").map(\.attempt) == [1, 1])
            try await worker.stop()
        }
    }

    @Test func `a handler over its time limit is tried again, and one that ignores its cancellation stops no other`()
        async throws
    {
        try await FaultyWorkerFixture.with(["timeout: 1s", "concurrency: 1"]) { fixture in
            let worker = try fixture.worker()
            try await fixture.publish(
                "single",
                [
                    ("slow", #"{"kind":"succeed","times":1,"milliseconds":600000}"#),
                    ("stuck", #"{"kind":"hang","times":1}"#), ("good", #"{"kind":"succeed"}"#),
                ]
            )
            try await eventually("the others go on", within: .seconds(60)) { try await fixture.effectCount() >= 2 }
            #expect(fixture.executions(of: "stuck").map(\.attempt).prefix(2) == [1, 2])
            #expect(fixture.log().contains("ignores its cancellation"))
            worker.send(9)
            _ = try await worker.waitForEnd()
        }
    }

    @Test func `one that fails in a batch fails alone`() async throws {
        try await FaultyWorkerFixture.with { fixture in
            let good = (1...120).map { ("g\($0)", #"{"kind":"succeed"}"#) }
            try await fixture.publish("batch", good + [("bad", #"{"kind":"fail"}"#)] + [("worse", "[")])
            let worker = try fixture.worker()
            try await eventually("the good and the bad", within: .seconds(40)) {
                let (effects, dead) = (
                    try await fixture.effectCount(), try await fixture.deadLetterCount(of: fixture.batch)
                )
                return effects == 120 && dead == 2
            }
            #expect(fixture.executions(of: "bad").map(\.attempt).max() == 3)
            try await worker.stop()
        }
    }
}
