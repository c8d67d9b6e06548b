import FlotillaCommandLineKit
import FlotillaModules
import FlotillaPlatform

/// `flotilla audit checkpoint`: signs what the audit log holds now.
enum AuditCheckpointCommand {
    private struct Answer: Encodable {
        let number: Int64?
        let made: String?
        let rows: Int64?
        let publicKey: String
        let file: String
    }

    static let command = Command(
        "checkpoint",
        "Signs the heads of all chains, and copies the checkpoint into a file",
        takes: [OutputFormat.option],
        details: """
            Workers do it by themselves, every five minutes unless FLOTILLA_AUDIT_CHECKPOINT_INTERVAL says otherwise. \
            Without new rows there is no new checkpoint.
            """,
        examples: ["flotilla audit checkpoint", "flotilla audit checkpoint --output json"]
    ) { invocation in
        let configuration = try invocation.configuration(makingKeys: true)
        let key = try configuration.signingKey()
        return try await configuration.withPostgres { pool in
            let made = try await configuration.checkpointing(pool).make()
            let chain = try await Checkpointing.chain(in: pool) ?? ""
            let answer = Answer(
                number: made?.number,
                made: made.map { WallClock.iso8601($0.madeAt) },
                rows: made?.rows,
                publicKey: key.publicKey.id,
                file: configuration.checkpointFile()(chain).path
            )
            try invocation.show(
                answer,
                as: Table(
                    ["checkpoint", "rows", "key", "copied to"],
                    [
                        [
                            answer.number.map(String.init) ?? "none: nothing new", answer.rows.map(String.init) ?? "–",
                            answer.publicKey, answer.file,
                        ]
                    ]
                )
            )
            return .done
        }
    }
}
