import FlotillaHTTPRouting
import FlotillaHTTPServer
@testable import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct AccessMigrationTests {
    @Test func `a key from before has its scopes and the default, which is less than it could`() async throws {
        try await TestDatabase.with { database async throws in
            let before = SchemaModule("core", Array(SchemaModule.core.migrations.prefix(6)))
            _ = try await Migrations.apply(to: database.pool, [before])
            for (id, scopes) in [("a", "{read,enqueue}"), ("b", "{read}"), ("c", "{admin}")] {
                _ = try await database.pool.query(
                    SQLStatement(
                        "INSERT INTO api_keys (id, name, secret_hash, scopes) VALUES ($1, $1, '\\x00', '\(scopes)')",
                        [.text(id)]
                    )
                )
            }
            _ = try await Migrations.apply(to: database.pool, [.core])
            let keys = APIKeys(database.pool)
            #expect(try await keys.find("a")?.grants == .standard)
            #expect(try await keys.find("a")?.scopes == [.read, .enqueue])
            #expect(try await keys.find("b")?.grants == Grants())
            #expect(try await keys.find("c")?.grants == Grants())
        }
    }
}
