import FlotillaModules
import FlotillaOperations
import FlotillaStorage

extension Configuration {
    /// What `flotilla doctor` says of queues that were lost, and of messages that wait in Postgres to be published; nothing
    /// when the database can't be asked.
    func lossFindings() async -> [DoctorFinding] {
        let found = try? await withPostgres { pool in
            let waiting = try await pool.query(Outbox.waiting).map { ($0.text(0) ?? "", $0.int(1) ?? 0) }
            return (losses: try await QueueLoss.recent(pool), waiting: waiting)
        }
        guard let found else { return [] }
        let open = found.losses.filter(\.isOpen).map(\.queue)
        let being = "what they missed is being replayed: \(open.joined(separator: ", "))"
        return (open.isEmpty ? [] : [DoctorFinding("lost queues", .doubtful, being)])
            + found.losses.filter { !$0.isOpen }.map { DoctorFinding("lost queue", .doubtful, $0.text) }
            + found.waiting.map { queue, count in
                DoctorFinding(
                    "waiting",
                    .doubtful,
                    "\(count) retries or dead letters of \(queue) wait in Postgres, since they could not be published",
                    remedy: "they go by themselves once flotilla topology verify finds nothing missing"
                )
            }
    }
}
