package import FlotillaStorage
package import FlotillaTelemetry
import Workers

/// What the audit log needs beside its writing: partitions of the months to come, and signed checkpoints.
///
/// Any number of processes may run it; each thing is done once.
package struct AuditMaintenance: FleetService {
    private let pool: PostgresPool
    private let checkpoints: Checkpointing
    private let interval: Duration
    private let log: Log

    package init(_ pool: PostgresPool, checkpoints: Checkpointing, interval: Duration, log: Log) {
        self.pool = pool
        self.checkpoints = checkpoints
        self.interval = interval
        self.log = log
    }

    package func run() async {
        var partitionsDue = ContinuousClock.now
        while !Task.isCancelled {
            do {
                if .now >= partitionsDue {
                    try await AuditPartitions(pool).makeAhead()
                    partitionsDue = .now + .seconds(6 * 3_600)
                }
                if let made = try await checkpoints.make(ifOlderThan: interval) {
                    log.info(
                        "audit checkpoint",
                        ["number": .integer(Int(made.number)), "rows": .integer(Int(made.rows))]
                    )
                }
            } catch {
                if !Task.isCancelled { log.warning("audit maintenance failed", ["problem": .string("\(error)")]) }
            }
            try? await Task.sleep(for: min(interval, .seconds(60)))
        }
    }

    /// The rows of the drain are signed too.
    package func finish() async { _ = try? await checkpoints.make() }
}
