import FlotillaCommandLineKit
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform

/// `flotilla audit verify`: what may be trusted in the audit log.
enum AuditVerifyCommand {
    private static let full = Flag("full", "Check every row, also those that were found intact before")
    private static let publicKey = Option<String>(
        "public-key",
        "KEY",
        "What checkpoints have to be signed with, as base64 (default the home's)"
    )
    private static let checkpoints = Option<String>(
        "checkpoints",
        "FILE",
        "A copy of the checkpoints (default the home's)"
    )

    static let command = Command(
        "verify",
        "Recomputes the hash chains; fails when a row was edited, deleted, moved or added",
        takes: [full, publicKey, checkpoints, OutputFormat.option],
        details: """
            Begins at the last checkpoint that was found intact, unless --full is given. Workers may go on writing \
            meanwhile. docs/audit-chain.md says what each fault means.
            """,
        examples: [
            "flotilla audit verify", "flotilla audit verify --full --output json",
            "flotilla audit verify --full --public-key … --checkpoints copy.checkpoints",
        ]
    ) { invocation in
        let configuration = try invocation.configuration()
        let trust = try trust(configuration, invocation)
        if trust.keys.isEmpty {
            invocation.console.note("Note: there is no public key here, so the checkpoints are not checked")
        }
        return try await configuration.withPostgres { pool in
            let chain = try await Checkpointing.chain(in: pool) ?? ""
            let bookmarkFile = "\(configuration.home.base)/audit/\(chain).verified"
            let bookmark =
                invocation[full] ? nil : PrivateFile.read(bookmarkFile).flatMap(VerificationBookmark.init(text:))
            let report: AuditVerification.Report
            do {
                report = try await AuditVerification(pool, trust: trust)
                    .run(since: bookmark, progress: progress(on: invocation.console))
            } catch let error as AuditError {
                throw CommandError("the audit log can't be checked: \(error.detail)")
            }
            if let bookmark = report.bookmark { remember(bookmark, in: bookmarkFile, configuration) }
            try show(report, in: invocation)
            // The chain is whole without what it never held.
            for loss in (try? await QueueLoss.ofAudit(pool)) ?? [] {
                invocation.console.note("Note: \(loss.note); \(loss.leftOut) are known")
            }
            return report.isIntact ? .done : .failed
        }
    }

    private static func trust(_ configuration: Configuration, _ invocation: Invocation) throws -> CheckpointTrust {
        var trust = CheckpointTrust(keys: [], file: configuration.checkpointFile())
        if let path = invocation[checkpoints] {
            guard PrivateFile.read(path) != nil else {
                throw CommandError("there is no file \(path)", status: .wrongUse)
            }
            trust.file = { _ in CheckpointFile(path) }
        }
        guard let text = invocation[publicKey] else {
            trust.keys = try configuration.verificationKeys()
            return trust
        }
        guard let key = Base64.decode(text).flatMap(VerificationKey.init(bytes:)) else {
            throw CommandError("--public-key has to be the base64 of 32 bytes", status: .wrongUse)
        }
        trust.keys = [key]
        return trust
    }

    /// A place where nothing can be written costs a whole check the next time, and no more.
    private static func remember(_ bookmark: VerificationBookmark, in path: String, _ configuration: Configuration) {
        guard configuration.home.exists else { return }
        if let folder = PrivateFile.parent(of: path) { try? PrivateFile.makeFolder(folder) }
        try? PrivateFile.write(bookmark.text + "\n", to: path)
    }

    private struct Answer: Encodable {
        struct Fault: Encodable {
            let kind: String
            let lane: Int64
            let sequence: Int64
            let count: Int64
            let messageId: String?
            let time: String?
        }

        let intact: Bool
        let rows: Int
        let lanes: Int
        let rowsPerSecond: Int
        /// `nil` when they were not checked.
        let checkpoints: Int?
        /// The checkpoint where the check began.
        let since: Int64?
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
                messageId: fault.messageID,
                time: fault.time.map { WallClock.iso8601($0) }
            )
        }
        let answer = Answer(
            intact: report.isIntact,
            rows: report.rows,
            lanes: report.lanes,
            rowsPerSecond: Int(report.rowsPerSecond),
            checkpoints: report.checkpoints,
            since: report.since?.number,
            faultCount: report.faultCount,
            firstFault: faults.first,
            faults: faults
        )
        let first = faults.first.map { "\($0.kind) at \(place($0))" } ?? "none"
        let checkpoints = answer.checkpoints.map(String.init) ?? "not checked"
        let begin = answer.since.map { "checkpoint \($0)" } ?? "the first row"
        try invocation.show(
            answer,
            as: Table(
                ["rows", "since", "lanes", "checkpoints", "rows/s", "faults", "first fault"],
                [
                    [
                        "\(answer.rows)", begin, "\(answer.lanes)", checkpoints, "\(answer.rowsPerSecond)",
                        "\(answer.faultCount)", first,
                    ]
                ]
            )
        )
        guard invocation[OutputFormat.option] == .table, faults.count > 1 else { return }
        let rows = faults.map { [place($0), "\($0.count)", $0.kind, $0.messageId ?? "–", $0.time ?? "–"] }
        let table = Table(["where", "rows", "fault", "message", "recorded"], rows)
        invocation.console.print("\n" + table.rendered(width: invocation.console.width))
    }

    private static func place(_ fault: Answer.Fault) -> String {
        fault.lane == 0 ? "checkpoint \(fault.sequence)" : "lane \(fault.lane), row \(fault.sequence)"
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
