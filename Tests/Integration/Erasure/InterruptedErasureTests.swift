@testable import FlotillaErasure
import FlotillaModules
import FlotillaPersonalData
import FlotillaStorage
import FlotillaTestSupport
import Testing

@testable import flotilla

/// What an erasure has not done when it stops is done when it is run again.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct InterruptedErasureTests {
    private struct Interruption: Error {}

    /// A place that is asked, and fails when it is to be erased.
    private struct Interrupted: PersonalDataStore {
        let base: any PersonalDataStore

        var name: String { base.name }
        var tables: [String] { base.tables }

        func identify(_ person: inout Person) async throws { try await base.identify(&person) }
        func erase(_ person: Person, isDryRun: Bool) async throws -> ErasureCount { throw Interruption() }
    }

    /// Somebody whose address stands with the ticket alone; what else there is has the address and no id.
    private func plant(_ person: Int, _ pool: PostgresPool) async throws -> (id: String, address: String) {
        let (id, address) = ("guest:g-\(person)", "guest.\(person)@example.com")
        let mention = #"convert_to('{"to":"\#(address)"}', 'UTF8')"#
        let statements = [
            """
            INSERT INTO generated_tickets (ticket_id, event_id, has_number_ids, has_number_event_id, guest_id, job_id,
                ticket_code, guest_name, guest_email, type, template, event_title, key_id, qr_code_data, content_hash,
                file_path, file_url, file_size, file_hash, issued_at, generated_at)
            VALUES ('t-\(person)', 'e', false, false, 'g-\(person)', 'job', 'C-\(person)', 'Ann Lee \(person)', '\(address)',
                'standard', 'standard', 'Conference', 'k', 'x', '\\x00', '/x', 'http://x', 0, '\\x00', now(), now())
            """,
            "INSERT INTO jobs (id, type, state, payload) VALUES ('j-\(person)', 'notification.email', 'queued', \(mention))",
            """
            INSERT INTO dead_letters (filing_key, queue, event, exchange, routing_key, properties, headers, body)
            VALUES ('k-\(person)', 'q', 'notification.email', 'e', 'x', '{}', '{}', \(mention))
            """,
            """
            INSERT INTO outbox (exchange, routing_key, properties, headers, body)
            VALUES ('e', 'notification.email', '{}', '{}', \(mention))
            """,
            "INSERT INTO webhook_messages (id, event, body) VALUES ('msg_\(person)', 'notification.sent', \(mention))",
        ]
        for statement in statements { _ = try await pool.query(SQLStatement(statement)) }
        return (id, address)
    }

    @Test func `wherever an erasure stops, the next one finds what is left`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            // Tickets without their job and their key will do.
            _ = try await database.pool.query(
                SQLStatement(
                    """
                    ALTER TABLE generated_tickets DROP CONSTRAINT fk_generated_tickets_job_id,
                        DROP CONSTRAINT fk_generated_tickets_key_id
                    """
                )
            )
            let privacy = try AuditWorkerTests.privacy(database.pool)
            let context = PersonalDataContext(postgres: database.pool, redis: nil)
            let stores = try Flotilla.program.personalData(.of(Flotilla.program), in: context).stores
            for place in stores.indices {
                let (id, address) = try await plant(place, database.pool)
                var interrupted = stores
                interrupted[place] = Interrupted(base: stores[place])
                let request = SubjectErasure.Request(actor: "operator", reason: nil)
                await #expect(throws: Interruption.self) {
                    try await SubjectErasure(privacy, stores: interrupted).forget(id, by: request)
                }
                _ = try await SubjectErasure(privacy, stores: stores).forget(id, by: request)
                let left = try await ForgetTests().places(database.pool, of: [address])
                #expect(left == [], "stopped at \(stores[place].name)")
            }
        }
    }
}
