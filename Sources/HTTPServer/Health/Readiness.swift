import Synchronization

/// Asks the dependencies, at most once a second however often it is asked itself: anybody may ask.
package final class Readiness: Sendable {
    struct Report: Sendable {
        enum Status: String {
            case ready
            /// Something that is not needed is down.
            case degraded
            case unavailable
        }

        struct Dependency: Sendable {
            let name: String
            let isNeeded: Bool
            let isUp: Bool
            let latency: Duration
            /// What the check says about it, if that is for everybody.
            let problem: String?
        }

        let dependencies: [Dependency]

        var status: Status {
            if dependencies.allSatisfy(\.isUp) { return .ready }
            return dependencies.allSatisfy { $0.isUp || !$0.isNeeded } ? .degraded : .unavailable
        }
    }

    private struct Latest {
        let task: Task<Report, Never>
        let startedAt: ContinuousClock.Instant
    }

    /// A dependency that does not answer within this time is down.
    private static let probeTimeout = Duration.seconds(2)
    private static let freshness = Duration.seconds(1)

    private let checks: [HealthCheck]
    private let latest = Mutex<Latest?>(nil)

    package init(_ checks: [HealthCheck]) { self.checks = checks }

    func report() async -> Report {
        let task = latest.withLock { latest in
            if let latest, .now - latest.startedAt < Self.freshness { return latest.task }
            let task = Task { await self.ask() }
            latest = Latest(task: task, startedAt: .now)
            return task
        }
        return await task.value
    }

    private func ask() async -> Report {
        await withTaskGroup(of: (Int, Report.Dependency).self) { group in
            for (index, check) in checks.enumerated() {
                group.addTask {
                    let start = ContinuousClock.now
                    let answer = await Self.answer(of: check)
                    let latency = ContinuousClock.now - start
                    return (
                        index,
                        .init(
                            name: check.name,
                            isNeeded: check.isNeeded,
                            isUp: answer.isUp,
                            latency: latency,
                            problem: answer.problem
                        )
                    )
                }
            }
            var found: [(Int, Report.Dependency)] = []
            for await dependency in group { found.append(dependency) }
            return Report(dependencies: found.sorted { $0.0 < $1.0 }.map(\.1))
        }
    }

    /// Does not wait for a probe that neither answers nor ends when it is cancelled.
    private static func answer(of check: HealthCheck) async -> Answer {
        let probe = Task { try await check.probe() }
        guard let result = await probe.result(within: probeTimeout) else {
            probe.cancel()
            return Answer(isUp: false, problem: "no answer within \(Int(probeTimeout / .seconds(1))) s")
        }
        switch result {
        case .success: return Answer(isUp: true, problem: nil)
        case .failure(let error):
            let problem = (error as? HealthProblem)?.description ?? "does not work; see the process's log"
            return Answer(isUp: false, problem: problem)
        }
    }
}

private struct Answer {
    let isUp: Bool
    let problem: String?
}
