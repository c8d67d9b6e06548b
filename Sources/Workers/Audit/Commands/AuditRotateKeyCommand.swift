import FlotillaCommandLineKit
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform

/// `flotilla audit rotate-key`: a new master key for all that is sealed.
enum AuditRotateKeyCommand {
    static let command = Command(
        "rotate-key",
        "Wraps people's keys, ticket keys and webhooks' secrets with a new master key",
        takes: [OutputFormat.option],
        details: """
            Without FLOTILLA_MASTER_KEY a new key is made in the home. With it, put the new key in front of the old one, \
            in every process, before; the old one can go once this has run again and all counts are 0. Rows are not touched.
            """,
        examples: ["flotilla audit rotate-key"]
    ) { invocation in
        let configuration = try invocation.configuration(makingKeys: true)
        if configuration[Settings.masterKey] == nil {
            // Whatever is wrong with the keys as they are shows before one is added.
            _ = try configuration.masterKeyring()
            try KeyFolder(configuration.home).add(MasterKeys.generate().revealed, to: KeyFolder.master, inFront: true)
        }
        let masters = try configuration.masterKeyring()
        return try await configuration.withPostgres { pool in
            do {
                var counts: [(secrets: any SealedSecrets, count: Int)] = []
                for secrets in invocation.program.domains(configuration).flatMap({ $0.sealedSecrets(pool, masters) }) {
                    let count = try await secrets.sealAnew { count in
                        if invocation.console.isInteractive { invocation.console.note("\(count) \(secrets.title)") }
                    }
                    counts.append((secrets, count))
                }
                var event = OperatorEvent("master-key.rotate", of: masters.current.id)
                event.details = counts.map { ($0.secrets.member, "\($0.count)") }
                try await event.record(in: pool, configuration)
                let table = Table(
                    ["master key"] + counts.map(\.secrets.title),
                    [[Table.Cell(masters.current.id)] + counts.map { Table.Cell("\($0.count)") }]
                )
                try invocation.show(Answer(master: masters.current.id, counts: counts), as: table)
                return .done
            } catch let error as MasterKeyError {
                throw CommandError(error.detail)
            }
        }
    }

    /// The current master key, and how many secrets of each kind were sealed anew with it.
    private struct Answer: Encodable {
        let master: String
        let counts: [(secrets: any SealedSecrets, count: Int)]

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Member.self)
            try container.encode(master, forKey: Member(stringValue: "master"))
            for (secrets, count) in counts { try container.encode(count, forKey: Member(stringValue: secrets.member)) }
        }

        private struct Member: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }

            init?(intValue: Int) { nil }
        }
    }
}
