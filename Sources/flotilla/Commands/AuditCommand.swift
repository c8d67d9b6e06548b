import CommandLineKit
import Operations
import Platform
import Storage
import Workers

/// `flotilla audit`: what may be trusted in the audit log.
enum AuditCommand {
    static let all = Command("audit", "Checks the audit log", verbs: [verify])

    private static let verify = Command(
        "verify",
        "Recomputes every hash chain; fails when a row was edited, deleted, moved or added",
        takes: [OutputFormat.option],
        details: "Workers may go on writing meanwhile. docs/audit-chain.md says what each fault means.",
        examples: ["flotilla audit verify", "flotilla audit verify --output json"]
    ) { invocation in
        let configuration = try Configuration.ofThisProcess()
        let url = try configuration.require(Settings.database).revealed
        let pool = PostgresPool(try PostgresConfiguration(url: url), size: 1, name: "audit-verify")
        let report: AuditVerification.Report
        do {
            report = try await AuditVerification(pool).run(progress: progress(on: invocation.console))
        } catch {
            await pool.close()
            throw CommandError("the audit log can't be read: \(error)", remedy: "run flotilla doctor")
        }
        await pool.close()
        try show(report, in: invocation)
        return report.isIntact ? .done : .failed
    }

    private struct Answer: Encodable {
        struct Fault: Encodable {
            let kind: String
            let lane: Int64
            let sequence: Int64
            let count: Int64
            let messageId: String?
        }

        let intact: Bool
        let rows: Int
        let lanes: Int
        let rowsPerSecond: Int
        let faultCount: Int
        let firstFault: Fault?
        let faults: [Fault]
    }

    private static func show(_ report: AuditVerification.Report, in invocation: Invocation) throws {
        let faults = report.faults.map { fault in
            Answer.Fault(
                kind: fault.kind.rawValue,
                lane: fault.lane,
                sequence: fault.sequence,
                count: fault.count,
                messageId: fault.messageID
            )
        }
        let answer = Answer(
            intact: report.isIntact,
            rows: report.rows,
            lanes: report.lanes,
            rowsPerSecond: Int(report.rowsPerSecond),
            faultCount: report.faultCount,
            firstFault: faults.first,
            faults: faults
        )
        let first = faults.first.map { "\($0.kind) at lane \($0.lane), row \($0.sequence)" } ?? "none"
        try invocation.show(
            answer,
            as: Table(
                ["rows", "lanes", "rows/s", "faults", "first fault"],
                [["\(answer.rows)", "\(answer.lanes)", "\(answer.rowsPerSecond)", "\(answer.faultCount)", first]]
            )
        )
        guard invocation[OutputFormat.option] == .table, faults.count > 1 else { return }
        let rows = faults.map { ["\($0.lane)", "\($0.sequence)", "\($0.count)", $0.kind, $0.messageId ?? "–"] }
        let table = Table(["lane", "row", "rows", "fault", "message"], rows)
        invocation.console.print("\n" + table.rendered(width: invocation.console.width))
    }

    /// Says how far the check is, every two seconds, to a person who waits.
    private static func progress(on console: Console) -> (AuditVerification.Progress) -> Void {
        var next = ContinuousClock.now + .seconds(2)
        return { progress in
            guard console.isInteractive, .now >= next else { return }
            next = .now + .seconds(2)
            console.note("lane \(progress.lane): \(progress.rows) of \(progress.total) rows")
        }
    }
}
