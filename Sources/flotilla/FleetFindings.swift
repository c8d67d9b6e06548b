import FlotillaCommandLineKit
import FlotillaHTTPServer
import FlotillaManagement
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaOperations

/// What `flotilla doctor` says of the fleet as it works: whether anybody takes the queues, whether the broker takes
/// messages, and which dependencies workers wait for. What can't be asked is a finding of its own elsewhere.
enum FleetFindings {
    static func examine(_ configuration: Configuration) async -> [DoctorFinding] {
        async let workers = workers(configuration)
        async let alarms = alarms(configuration)
        async let breakers = breakers(configuration)
        return await workers + alarms + breakers
    }

    private static func workers(_ configuration: Configuration) async -> [DoctorFinding] {
        guard let topology = try? configuration.topology(), let rabbitMQ = try? configuration.rabbitMQ(),
            let admin = try? await RabbitMQAdmin.open(rabbitMQ, named: "flotilla doctor")
        else { return [] }
        let depths = try? await admin.queueDepths(topology.queues.map(\.name))
        await admin.close()
        return depths.map { findings(topology, $0) } ?? []
    }

    /// - Parameter depths: of the queues that there are.
    static func findings(_ topology: Topology, _ depths: [String: QueueDepth]) -> [DoctorFinding] {
        let subject = "workers"
        guard !depths.isEmpty else {
            return [DoctorFinding(subject, .doubtful, "there are no queues yet", remedy: "run flotilla topology apply")]
        }
        let waiting = depths.values.reduce(0) { $0 + $1.ready }
        guard depths.values.contains(where: { $0.consumers > 0 }) else {
            return [
                DoctorFinding(
                    subject,
                    .bad,
                    "no worker takes any queue; \(waiting.counted("message waits", "messages wait"))",
                    remedy: "run flotilla up, or flotilla worker"
                )
            ]
        }
        let left = topology.queues.filter { (depths[$0.name]?.consumers ?? 1) == 0 && depths[$0.name]?.ready ?? 0 > 0 }
        let names = Set(left.map(\.worker)).sorted()
        guard names.isEmpty else {
            let count = left.reduce(0) { $0 + (depths[$1.name]?.ready ?? 0) }
            return [
                DoctorFinding(
                    subject,
                    .bad,
                    count.counted("message waits", "messages wait")
                        + " in queues that no worker takes: \(left.map(\.name).joined(separator: ", "))",
                    remedy: "run flotilla worker --only \(names.joined(separator: ",")), or see which queue is held"
                )
            ]
        }
        let taken = depths.values.count { $0.consumers > 0 }
        return [
            DoctorFinding(
                subject,
                .good,
                "\(taken) of \(topology.queues.count) queues are taken, \(waiting.counted("message waits", "messages wait"))"
            )
        ]
    }

    private static func alarms(_ configuration: Configuration) async -> [DoctorFinding] {
        guard let management = (try? configuration.management()) ?? nil else { return [] }
        let alarms = try? await management.alarms()
        await management.close()
        return alarms.map { findings(alarms: $0) } ?? []
    }

    /// - Parameter alarms: what the broker is short of.
    static func findings(alarms: [String]) -> [DoctorFinding] {
        let subject = "broker alarms"
        guard !alarms.isEmpty else { return [DoctorFinding(subject, .good, "none")] }
        return [
            DoctorFinding(
                subject,
                .bad,
                "RabbitMQ takes no messages: short of \(alarms.joined(separator: " and "))",
                remedy: alarms.contains("disk") ? "make room on its disk" : "give it memory, or work its queues off"
            )
        ]
    }

    private static func breakers(_ configuration: Configuration) async -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        for peer in configuration.metricsPeers {
            guard let text = await peer.metrics() else {
                findings.append(
                    DoctorFinding(
                        "process \(peer.name)",
                        .bad,
                        "does not answer at its probe port",
                        remedy: "see its log, or correct FLOTILLA_PROBES"
                    )
                )
                continue
            }
            findings += Self.findings(of: peer.name, openBreakers: MetricsPeer.openBreakers(in: text))
        }
        return findings
    }

    /// - Parameter open: the dependencies that a process waits for.
    static func findings(of process: String, openBreakers open: [String]) -> [DoctorFinding] {
        let subject = "process \(process)"
        guard !open.isEmpty else { return [DoctorFinding(subject, .good, "no breaker is open")] }
        return open.map { dependency in
            let remedy = "see why \(dependency) can't be reached; work goes on by itself"
            if MetricsPeer.isOfOthers(dependency) {
                let endpoint = "see flotilla webhook list"
                return DoctorFinding(subject, .doubtful, "its breaker for \(dependency) is open", remedy: endpoint)
            }
            let effect = dependency == "redis" ? "work goes on without it" : "work that needs it waits"
            return DoctorFinding(subject, .bad, "its breaker for \(dependency) is open: \(effect)", remedy: remedy)
        }
    }
}
