import FlotillaCommandLineKit
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaOperations

/// What `flotilla doctor` says of messages that the broker keeps because a queue is missing or refuses them.
enum UndeliveredFindings {
    private static let subject = "undelivered"

    static func examine(_ configuration: Configuration) async -> [DoctorFinding] {
        do {
            let topology = try configuration.topology()
            guard let counts = try await configuration.undelivered() else {
                return [
                    DoctorFinding(
                        subject,
                        .doubtful,
                        "messages that the broker can't deliver can't be seen",
                        remedy: "set RABBITMQ_MANAGEMENT_URL"
                    )
                ]
            }
            return findings(topology, counts)
        } catch {
            return [
                DoctorFinding(
                    subject,
                    .doubtful,
                    "messages that the broker can't deliver can't be seen: \(error)",
                    remedy: "correct RABBITMQ_MANAGEMENT_URL, or look with rabbitmqctl list_queues name messages_dlx"
                )
            ]
        }
    }

    /// - Parameter counts: every queue of the broker, with how many messages of it are undelivered.
    static func findings(_ topology: Topology, _ counts: [String: Int]) -> [DoctorFinding] {
        let ladder = topology.delay
        var found: [DoctorFinding] = []
        for queue in topology.queues {
            let retries = counts[ladder.exitQueue(of: queue.name)] ?? 0
            if retries > 0 { found.append(finding(retries, "retries", for: queue.name, counts)) }
            let dead = counts[queue.name] ?? 0
            if dead > 0 { found.append(finding(dead, "dead letters", for: queue.deadLetterQueue, counts)) }
        }
        for level in (0..<ladder.levels).map(ladder.name(of:)) {
            guard let held = counts[level], held > 0 else { continue }
            found.append(
                DoctorFinding(
                    subject,
                    .doubtful,
                    "\(held.counted("message")) can't leave \(level)",
                    remedy: "if they stay, a part of the delay ladder is missing: run flotilla topology apply"
                )
            )
        }
        if found.isEmpty { found.append(DoctorFinding(subject, .good, "no message waits for a missing or full queue")) }
        return found
    }

    private static func finding(
        _ count: Int,
        _ what: String,
        for queue: String,
        _ counts: [String: Int]
    ) -> DoctorFinding {
        guard counts[queue] != nil else {
            return DoctorFinding(
                subject,
                .bad,
                "\(count) \(what) wait for the queue \(queue), which is missing",
                remedy: "run flotilla topology apply"
            )
        }
        return DoctorFinding(
            subject,
            .doubtful,
            "\(count) \(what) wait for the queue \(queue), which refuses them",
            remedy: "if they stay: work it off, or raise its length limit by a policy; RabbitMQ 3.10 does not notice "
                + "a limit that is taken away, so set a high one instead"
        )
    }
}
