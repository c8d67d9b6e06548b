import CommandLineKit
import Operations
import Platform
import Storage
import Workers

/// `flotilla audit rotate-key`: a new master key for all that is sealed.
enum AuditRotateKeyCommand {
    private struct Answer: Encodable {
        let master: String
        let wrapped: Int
        let ticketKeys: Int
        let webhooks: Int
    }

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
        let configuration = try Configuration.ofThisProcess()
        if configuration[Settings.masterKey] == nil {
            // Whatever is wrong with the keys as they are shows before one is added.
            _ = try configuration.masterKeyring()
            try KeyFolder(configuration.home).add(MasterKeys.generate().revealed, to: KeyFolder.master, inFront: true)
        }
        let masters = try configuration.masterKeyring()
        return try await configuration.withPostgres { pool in
            do {
                let wrapped = try await MasterKeyRotation(pool, masters: masters).run { count in
                    if invocation.console.isInteractive { invocation.console.note("\(count) keys") }
                }
                let sealed = try await WebhookEndpoints(pool, seal: WebhookSeal(masters)).sealAnew()
                let answer = Answer(
                    master: masters.current.id,
                    wrapped: wrapped.people,
                    ticketKeys: wrapped.tickets,
                    webhooks: sealed
                )
                try invocation.show(
                    answer,
                    as: Table(
                        ["master key", "people's keys", "ticket keys", "webhooks"],
                        [[answer.master, "\(wrapped.people)", "\(wrapped.tickets)", "\(sealed)"]].map { row in
                            row.map { Table.Cell($0) }
                        }
                    )
                )
                return .done
            } catch let error as AuditError {
                throw CommandError(error.detail)
            }
        }
    }
}
