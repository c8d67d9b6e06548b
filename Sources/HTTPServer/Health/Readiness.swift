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
                    let isUp = await Self.answers(check)
                    let latency = ContinuousClock.now - start
                    return (
                        index,
                        .init(name: check.name, isNeeded: check.isNeeded, isUp: isUp, latency: latency)
                    )
                }
            }
            var found: [(Int, Report.Dependency)] = []
            for await dependency in group { found.append(dependency) }
            return Report(dependencies: found.sorted { $0.0 < $1.0 }.map(\.1))
        }
    }

    /// Does not wait for a probe that neither answers nor ends when it is cancelled.
    private static func answers(_ check: HealthCheck) async -> Bool {
        await withCheckedContinuation { continuation in
            let once = Once(continuation)
            let probe = Task {
                do {
                    try await check.probe()
                    once.resume(true)
                } catch {
                    once.resume(false)
                }
            }
            Task {
                try? await Task.sleep(for: probeTimeout)
                once.resume(false)
                probe.cancel()
            }
        }
    }
}

/// Resumes a continuation with the first answer, and ignores the others.
private final class Once: Sendable {
    private let continuation: Mutex<CheckedContinuation<Bool, Never>?>

    init(_ continuation: CheckedContinuation<Bool, Never>) { self.continuation = Mutex(continuation) }

    func resume(_ answer: Bool) {
        continuation.withLock { $0.take() }?.resume(returning: answer)
    }
}
