import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

/// What is deleted on the broker under load is there again, and nothing that was accepted is lost with it.
@Suite(.serialized, .enabled(if: TestServers.areAvailable), .ownFleetFixture)
struct LostTopologyTests {
    private static let queue = "subscription.profile.viewed"

    /// The workers' lines on what they have declared again since a moment.
    private func declared(_ fleet: FleetFixture, since start: Date) -> [(objects: [Substring], at: Date)] {
        fleet.log().split(separator: "\n").compactMap { text in
            guard text.contains("missing on the broker, declared again"),
                let line = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
                let objects = line["objects"] as? String, let time = line["timestamp"] as? String,
                let date = try? Date(time, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            else { return nil }
            return date < start ? nil : (objects.split(separator: ", "), date)
        }
    }

    /// A line names the object, soon after it was deleted, by the worker's own time.
    ///
    /// It takes five seconds at most on a machine that does nothing else.
    private func expectDeclared(
        _ object: String,
        in fleet: FleetFixture,
        after delete: () async throws -> Void
    ) async throws {
        let start = Date.now
        try await delete()
        let deletedAt = Date.now
        var lines: [(objects: [Substring], at: Date)] = []
        try await eventually("\(object) is declared again", within: .seconds(60)) {
            lines = declared(fleet, since: start).filter { $0.objects.contains(Substring(object)) }
            return !lines.isEmpty
        }
        let after = lines[0].at.timeIntervalSince(deletedAt)
        #expect(after <= 20, "\(object) after \(after) s")
    }

    private func whileLoaded(
        settings: [String: String] = [:],
        _ load: Load,
        _ delete: (FleetFixture) async throws -> Void,
        _ then: (FleetFixture, [FleetWorker]) async throws -> Void
    ) async throws {
        let fleet = try await FleetFixture.current()
        try await fleet.withWorkers(settings: settings) { workers in
            let half = load.count / 2
            let publishing = Task { try await fleet.publish(load, 0..<half, pause: .milliseconds(400)) }
            defer { publishing.cancel() }
            try await eventually("work is under way", within: .seconds(60)) { try await fleet.used(load.word) > 0 }
            // A queue is known to have been empty from time to time; without that all would be read.
            try await eventually("the queue has a mark") {
                try await fleet.count("SELECT count(*) FROM queue_marks WHERE queue = $1", .text(Self.queue)) == 1
            }
            // Held back until now: the mark may have taken longer than the first half.
            let rest = Task { try await fleet.publish(load, half..<load.count, pause: .milliseconds(400)) }
            defer { rest.cancel() }
            try await delete(fleet)
            try await publishing.value
            try await rest.value
            try await then(fleet, workers)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `of a queue that is deleted under load every message has its effect in the end, and once`() async throws {
        let load = Load(count: 10_000)
        try await whileLoaded(load) { fleet in
            try await expectDeclared("queue \(Self.queue)", in: fleet) {
                try await fleet.admin.deleteQueue(Self.queue)
            }
        } _: { fleet, _ in
            try await fleet.waitForEffects(of: load, within: .seconds(120))
            try await eventually("the replay is done", within: .seconds(60)) {
                try await fleet.count("SELECT count(*) FROM queue_gaps WHERE finished_at IS NULL") == 0
            }
            #expect(try await fleet.used(load.word) == load.count)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `an exchange that is deleted under load is there again, and no accepted message is lost`() async throws {
        let load = Load(count: 5_000)
        try await whileLoaded(load) { fleet in
            try await expectDeclared("exchange fleet.topic", in: fleet) {
                try await fleet.admin.deleteExchange("fleet.topic")
            }
        } _: { fleet, _ in
            try await fleet.waitForEffects(of: load, within: .seconds(120))
            #expect(try await fleet.used(load.word) == load.count)
            #expect(try await fleet.auditRows(load.word) == load.count)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a loss of the audit log's own queue is declared and counted, and the chain verifies`() async throws {
        let load = Load(count: 5_000)
        try await whileLoaded(load) { fleet in
            try await expectDeclared("queue audit.all", in: fleet) { try await fleet.admin.deleteQueue("audit.all") }
        } _: { fleet, workers in
            try await eventually("every view is counted", within: .seconds(120)) {
                try await fleet.used(load.word) >= load.count
            }
            try await eventually("the loss is declared", within: .seconds(60)) {
                try await fleet.count(
                    "SELECT count(*) FROM queue_gaps WHERE queue = 'audit.all' AND finished_at IS NOT NULL AND note <> ''"
                ) == 1
            }
            #expect(try await workers[0].sum(of: "flotilla_audit_gaps_total") == 1)
            // Events that a worker took before the queue was back are known to be missing: not more than are missing, those
            // that came of the views counted too.
            #expect(try await fleet.auditRows(load.word) < load.count)
            let missing = try await fleet.count(
                "SELECT count(*) FROM (SELECT message_id FROM inbox EXCEPT SELECT message_id FROM audit_logs) AS lost"
            )
            let known = try await fleet.count("SELECT sum(left_out)::int8 FROM queue_gaps WHERE queue = 'audit.all'")
            #expect(known >= 1 && known <= missing, "\(known) of \(missing) are known to be missing")
            let verified = try await fleet.home.run("audit", "verify")
            #expect(verified.status == 0)
            #expect(verified.messages.contains("audit.all was lost"), "\(verified.messages)")
            let doctor = try await fleet.home.run("doctor", environment: ["FLOTILLA_QUEUES": FleetFixture.queuesFile])
            #expect(doctor.text.contains("audit.all"))
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: ["queue", "exchange"])
    func `a dead-letter queue and the ladder's first exchange are there again, and said so`(kind: String) async throws {
        let fleet = try await FleetFixture.current()
        let name = kind == "queue" ? QueueName.deadLetter(of: Self.queue) : fleet.topology.delay.entryExchange
        try await fleet.withWorkers { _ in
            try await expectDeclared("\(kind) \(name)", in: fleet) {
                if kind == "queue" {
                    try await fleet.admin.deleteQueue(name)
                } else {
                    try await fleet.admin.deleteExchange(name)
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `with the setting off nothing is declared, and a person's command replays`() async throws {
        let load = Load(count: 1_000)
        let fleet = try await FleetFixture.current()
        let environment = ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
        try await fleet.withWorkers(settings: ["FLOTILLA_TOPOLOGY_REPAIR": "no"]) { _ in
            try await fleet.admin.deleteQueue(Self.queue)
            try await fleet.publish(load)
            try await eventually("all are audited", within: .seconds(60)) {
                try await fleet.auditRows(load.word) == load.count
            }
            #expect(try await fleet.ready(Self.queue) == -1)
            try await fleet.home.succeed("topology", "apply", environment: environment)
            let refused = try await fleet.home.run(
                "topology",
                "replay",
                Self.queue,
                "--since",
                "30d",
                environment: environment
            )
            #expect(refused.status == 2 && refused.messages.contains("is not known any more"), "\(refused.messages)")
            try await fleet.home.succeed("topology", "replay", Self.queue, "--since", "10m", environment: environment)
            try await fleet.waitForEffects(of: load, within: .seconds(60))
            #expect(try await fleet.used(load.word) == load.count)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a virtual host that is deleted is made again with all that was in it`() async throws {
        let fleet = try await FleetFixture.current()
        try await fleet.withWorkers { _ in
            let url = try #require(fleet.addresses["RABBITMQ_MANAGEMENT_URL"])
            let status = try await Program.exitCode(
                of: "/usr/bin/curl",
                ["-sf", "-o", "/dev/null", "-X", "DELETE", "\(url)/api/vhosts/%2F"]
            )
            #expect(status == 0)
            let admin = try await eventuallyConnected(to: fleet)
            try await eventually("every queue is there", within: .seconds(60), every: .milliseconds(200)) {
                for queue in fleet.topology.queues where try await admin.queueDepth(queue.name) == nil { return false }
                return true
            }
            await admin.close()
            let load = Load(count: 500)
            try await fleet.publish(load)
            try await fleet.waitForEffects(of: load, within: .seconds(60))
        }
    }

    private func eventuallyConnected(to fleet: FleetFixture) async throws -> RabbitMQAdmin {
        let configuration = try RabbitMQConfiguration(url: fleet.addresses["RABBITMQ_URL"] ?? "")
        var admin: RabbitMQAdmin?
        try await eventually("the virtual host is back", within: .seconds(60), every: .milliseconds(100)) {
            admin = try? await RabbitMQAdmin.open(configuration)
            return admin != nil
        }
        return try #require(admin)
    }
}
