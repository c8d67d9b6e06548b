import FlotillaManagement
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaOperations

/// What `flotilla doctor` says of the services that publish over AMQP: whether the broker holds them to queues.yaml.
enum PublisherFindings {
    private static let subject = "publishers"

    static func examine(_ configuration: Configuration) async -> [DoctorFinding] {
        // What is wrong with the file, or with the management API, another finding says.
        guard let topology = try? configuration.topology(), let user = try? configuration.rabbitMQ().user,
            let management = (try? configuration.management()) ?? nil
        else { return [] }
        do {
            let access = try await management.access()
            await management.close()
            return findings(topology, access, user: user)
        } catch {
            await management.close()
            guard topology.publishers != nil else { return [] }
            return [
                DoctorFinding(
                    subject,
                    .doubtful,
                    "what the broker's users may do can't be seen: \(error)",
                    remedy: "give RABBITMQ_MANAGEMENT_URL a user with the tag administrator"
                )
            ]
        }
    }

    /// - Parameter user: the fleet's own.
    static func findings(_ topology: Topology, _ access: BrokerAccess, user: String) -> [DoctorFinding] {
        var diff = TopologyDiff()
        diff.compare(publishersOf: topology, with: access, user: user)
        guard let publishers = topology.publishers else {
            return diff.notes.map { DoctorFinding(subject, .doubtful, $0, remedy: "list them under publishers") }
        }
        var findings = diff.differences.map { finding($0, access) }
        if findings.isEmpty {
            let manner = publishers.isStrict ? "strictly" : "and messages without a user are taken"
            findings = [
                DoctorFinding(
                    subject,
                    .good,
                    "the broker holds \(publishers.publishers.count) to queues.yaml, \(manner)"
                )
            ]
        }
        return findings
    }

    private static func finding(_ difference: TopologyDiff.Difference, _ access: BrokerAccess) -> DoctorFinding {
        let what = "\(difference.object.rawValue) \(difference.name): \(difference.detail)"
        switch (difference.kind, difference.object) {
        case (.missing, .user):
            return DoctorFinding(subject, .doubtful, "no \(what)", remedy: "make it, or drop its line")
        case (.missing, .topicPermission):
            // With a permission and without this, every routing key passes.
            let isOpen = access.permissions.contains { difference.name.hasPrefix("\($0.user) on ") }
            return DoctorFinding(
                subject,
                isOpen ? .bad : .doubtful,
                "no \(what)",
                remedy: "run flotilla topology apply"
            )
        case (.missing, _):
            return DoctorFinding(subject, .doubtful, "no \(what)", remedy: "run flotilla topology apply")
        case (.drifted, _):
            return DoctorFinding(subject, .bad, what, remedy: "run flotilla topology apply")
        case (.extra, _):
            return DoctorFinding(
                subject,
                .doubtful,
                what,
                remedy: "list it under publishers or fleetUsers, or clear it"
            )
        default:
            return DoctorFinding(subject, .bad, what, remedy: "give it a user of its own, without such tags")
        }
    }
}
