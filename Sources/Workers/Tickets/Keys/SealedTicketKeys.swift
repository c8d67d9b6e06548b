import FlotillaModules
import FlotillaPlatform
import FlotillaStorage

/// The keys that sign tickets, as the database holds them.
struct SealedTicketKeys: SealedSecrets {
    let title = "ticket keys"
    let member = "ticketKeys"
    private let pool: PostgresPool
    private let masters: MasterKeyring

    init(_ pool: PostgresPool, masters: MasterKeyring) {
        self.pool = pool
        self.masters = masters
    }

    func sealAnew(progress: (Int) -> Void) async throws -> Int {
        let master = masters.current
        let rows = try await pool.query(
            SQLStatement("SELECT id, master, sealed_key FROM ticket_keys WHERE master <> $1", [.text(master.id)])
        )
        var count = 0
        for row in rows {
            guard let id = row.text(0), let old = row.text(1), let sealed = row.bytes(2) else { continue }
            let secret = try TicketKeySeal.open(sealed, of: id, by: try masters.key(old))
            let statement = SQLStatement(
                "UPDATE ticket_keys SET master = $3, sealed_key = $4 WHERE id = $1 AND master = $2",
                [
                    .text(id), .text(old), .text(master.id),
                    .bytes(TicketKeySeal.seal(secret, of: id, by: master)),
                ]
            )
            count += try await pool.query(statement).affected
        }
        return count
    }
}
