import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestServers.areAvailable)) struct RetryTests {
    @Test func `a handler that fails twice succeeds at the third attempt, at the right times`() async throws {
        try await TroubleStage.with { stage in
            let worker = try stage.worker()
            try await stage.publish("single", [("m1", #"{"kind":"fail","times":2}"#)])
            try await eventually("the effect", within: .seconds(30)) { try await stage.effectCount() == 1 }
            let executions = stage.executions(of: "m1")
            #expect(executions.map(\.attempt) == [1, 2, 3])
            let waits = zip(executions.dropFirst(), executions).map { $0.at - $1.at }
            #expect(waits[0] >= 0.4 && waits[1] >= 0.8, "waited \(waits)")
            #expect(try await worker.stop() == 0)
            #expect(try await stage.deadLetterCount(of: stage.single) == 0)
        }
    }

    @Test func `one that always fails is executed three times and then lies in its dead-letter queue as it was`()
        async throws
    {
        try await TroubleStage.with { stage in
            let worker = try stage.worker()
            let body = #"{"kind":"fail" , "more":"é 😀"}"#
            try await stage.publish("single", [("m1", body)])
            try await eventually("the dead letter", within: .seconds(30)) {
                try await stage.deadLetterCount(of: stage.single) == 1
            }
            #expect(stage.executions(of: "m1").map(\.attempt) == [1, 2, 3])
            try await worker.stop()
            let dead = try #require(try await stage.admin.get(QueueName.deadLetter(of: stage.single))).message
            #expect(dead.body == Array(body.utf8))
            #expect(dead.properties.messageID == "m1")
            #expect(dead.headers[FleetHeader.retryCount]?.integer == 3)
            #expect(dead.headers[FleetHeader.errorType] == "trouble_ahead")
            #expect(dead.headers[FleetHeader.originRoutingKey] == "single")
            #expect(dead.headers[FleetHeader.originExchange]?.text == stage.topology.events.name)
            #expect(dead.headers[FleetHeader.brokerDeath] == nil)
            #expect(try await stage.effectCount() == 0)
        }
    }

    @Test func `a rejection and a body that does not fit spend no retries`() async throws {
        try await TroubleStage.with { stage in
            let worker = try stage.worker()
            try await stage.publish("single", [("m1", #"{"kind":"reject"}"#), ("m2", #"{"kind":"explode"}"#)])
            try await eventually("the dead letters", within: .seconds(30)) {
                try await stage.deadLetterCount(of: stage.single) == 2
            }
            try await worker.stop()
            #expect(stage.executions(of: "m1").count == 1)
            #expect(stage.executions(of: "m2").isEmpty)
            var types: [String: String] = [:]
            while let dead = try await stage.admin.get(QueueName.deadLetter(of: stage.single))?.message {
                types[dead.properties.messageID ?? ""] = dead.headers[FleetHeader.errorType]?.text
            }
            #expect(types == ["m1": "rejected", "m2": "invalid_payload"])
        }
    }

    @Test func `a snoozed message comes back without spending an attempt`() async throws {
        try await TroubleStage.with { stage in
            let worker = try stage.worker()
            try await stage.publish("single", [("m1", #"{"kind":"snooze"}"#)])
            try await eventually("the effect", within: .seconds(30)) { try await stage.effectCount() == 1 }
            #expect(stage.executions(of: "m1").map(\.attempt) == [1, 1])
            try await worker.stop()
        }
    }

    @Test func `a handler over its time limit is tried again, and one that ignores its cancellation stops no other`()
        async throws
    {
        try await TroubleStage.with(["timeout: 1s", "concurrency: 1"]) { stage in
            let worker = try stage.worker()
            try await stage.publish(
                "single",
                [
                    ("slow", #"{"kind":"succeed","times":1,"milliseconds":600000}"#),
                    ("stuck", #"{"kind":"hang","times":1}"#), ("good", #"{"kind":"succeed"}"#),
                ]
            )
            try await eventually("the others go on", within: .seconds(60)) { try await stage.effectCount() >= 2 }
            #expect(stage.executions(of: "stuck").map(\.attempt).prefix(2) == [1, 2])
            #expect(stage.log().contains("ignores its cancellation"))
            worker.send(9)
            _ = try await worker.waitForEnd()
        }
    }

    @Test func `one that fails in a batch fails alone`() async throws {
        try await TroubleStage.with { stage in
            let good = (1...120).map { ("g\($0)", #"{"kind":"succeed"}"#) }
            try await stage.publish("batch", good + [("bad", #"{"kind":"fail"}"#)] + [("worse", "[")])
            let worker = try stage.worker()
            try await eventually("the good and the bad", within: .seconds(40)) {
                let (effects, dead) = (try await stage.effectCount(), try await stage.deadLetterCount(of: stage.batch))
                return effects == 120 && dead == 2
            }
            #expect(stage.executions(of: "bad").map(\.attempt).max() == 3)
            try await worker.stop()
        }
    }
}
