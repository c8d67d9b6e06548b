import FlotillaPlatform
import FoundationEssentials
import Glibc

/// Sets aside the logs of a home once they are large, while the processes that write them run: the fleet's and the
/// private servers' alike.
///
/// Any number of processes may do it for one home; they take turns. It works on a thread of its own, since files block.
package actor LogRotation {
    private static let interval = Duration.seconds(5)

    private let thread = ThreadExecutor(name: "logs")
    private let home: Home
    private let limit: Int
    private let report: @Sendable (String) -> Void
    /// What was last reported, until it works again.
    private var problem: String?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// - Parameter report: told once why logs can't be rotated.
    package init(_ home: Home, limit: Int? = nil, report: @escaping @Sendable (String) -> Void) {
        (self.home, self.limit, self.report) = (home, limit ?? PrivateFile.logLimit, report)
    }

    deinit { thread.stop() }

    /// Looks every few seconds, until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            rotate()
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// What can't be rotated now is tried again the next time.
    package func rotate() {
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: home.logs) else { return }
        var problem: String?
        do throws(SystemError) {
            guard let lock = try FileLock.take(home.control + "/logs.lock") else { return }
            defer { extendLifetime(lock) }
            // What root makes in somebody's home, its owner has to be able to open later.
            if let owner = home.owner { fchown(lock.descriptor, owner.user, owner.group) }
            for file in files where file.hasSuffix(".log") {
                do throws(SystemError) {
                    _ = try PrivateFile.rotateLog("\(home.logs)/\(file)", limit: limit)
                } catch { problem = problem ?? "\(error)" }
            }
        } catch { problem = "\(error)" }
        if let problem, self.problem == nil { report("logs can't be rotated: \(problem)") }
        self.problem = problem
    }
}

extension Configuration {
    /// Rotates the home's logs for as long as the task lives, where servers of the home are used; nil elsewhere.
    package func rotatingLogs(report: @escaping @Sendable (String) -> Void) -> Task<Void, Never>? {
        let servers: [any SettingDeclaration] = [Settings.rabbitMQ, Settings.database, Settings.redis]
        guard servers.contains(where: { source(of: $0) == .home }) else { return nil }
        let rotation = LogRotation(home, report: report)
        return Task { await rotation.run() }
    }
}
