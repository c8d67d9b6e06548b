import FlotillaModules
import FlotillaStorage
import FlotillaTestSupport
import Testing

/// Idempotency keys from before they belonged to their callers.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct CallerKeysMigrationTests {
    @Test func `keys of the last week's notifications and scans are taken over`() async throws {
        let schema = try FleetProgram.schema()
        let before = schema.map { module in
            SchemaModule(
                module.name,
                module.migrations.filter { !["request_keys", "scan_keys"].contains($0.name) }
            )
        }
        try await TestDatabase.with(schema: before) { database async throws in
            _ = try await database.pool.pipeline([
                SQLStatement(
                    "INSERT INTO api_keys (id, name, secret_hash, scopes) VALUES ('k1', 'shop', '\\x00', '{}')"
                ),
                SQLStatement(
                    """
                    INSERT INTO notification_requests (id, idempotency_key, template, data, created_by, created_at) VALUES
                        ('r1', 'order 7', 't', '{}', 'shop', now() - interval '6 days'),
                        ('r2', 'order 8', 't', '{}', 'shop', now() - interval '8 days'),
                        ('r3', NULL, 't', '{}', 'shop', now())
                    """
                ),
                SQLStatement(
                    """
                    INSERT INTO ticket_scans (id, outcome, event_id, operator_id, location, token_digest, idempotency_key,
                        answer, scanned_at)
                    SELECT id, 'valid', 'e', 'o', 'l', '', key, '{}', now() - days * interval '1 day' FROM (VALUES
                        ('s1', 'k1 gate 3', 1), ('s2', 'k1 gate 4', 9), ('s3', NULL, 1), ('s4', 'REDACTED:s4', 1)
                    ) AS scan (id, key, days)
                    """
                ),
            ])
            _ = try await Migrations.apply(to: database.pool, schema)
            let kept = try await database.pool.query(
                SQLStatement(
                    """
                    SELECT concat_ws(',', caller, idempotency_key, resource, fingerprint IS NULL) FROM idempotency_keys
                    ORDER BY resource
                    """
                )
            ).map { $0.text(0) ?? "" }
            #expect(kept == ["key:k1,order 7,r1,t", "key:k1,gate 3,s1,t"])
        }
    }

    @Test func `steps that read a large table are apart from those that lock it`() async throws {
        let schema = try FleetProgram.schema()
        let before = schema.map { module in
            SchemaModule(
                module.name,
                module.migrations.filter { !["audit_receipt_index", "webhooks_gone_check"].contains($0.name) }
            )
        }
        try await TestDatabase.with(schema: before) { database async throws in
            let unchecked = """
                SELECT count(*) FROM pg_constraint WHERE NOT convalidated
                    AND conrelid = 'webhook_deliveries'::regclass
                """
            let index = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('idx_audit_logs_received')"
            #expect(try await database.count(unchecked) == 1)
            #expect(try await database.count(index) == 0)
            _ = try await Migrations.apply(to: database.pool, schema)
            #expect(try await database.count(unchecked) == 0)
            #expect(try await database.count(index) == 1)
        }
    }
}
