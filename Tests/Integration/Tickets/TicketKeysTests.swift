@testable import FlotillaTickets
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct TicketKeysTests {
    private static func masters(_ keys: Secret...) throws -> MasterKeyring {
        let text = Secret(keys.map(\.revealed).joined(separator: ","))
        return try MasterKeyring { try MasterKeys(text) }
    }

    private static func token(_ ticket: String = "789") throws -> TicketToken {
        try #require(TicketToken(eventID: "456", ticketID: ticket, issuedAt: 1_769_742_000))
    }

    @Test func `processes that start at once make one key, and what one signs the others accept`() async throws {
        try await TestDatabase.with(size: 8, migrated: true) { database in
            let masters = try Self.masters(MasterKeys.generate())
            let pool = database.pool
            let token = try Self.token()
            let texts = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 { group.addTask { try await TicketKeys(pool, masters: masters).signer().seal(token) } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(texts.count == 1)
            let keys = try await TicketKeys(pool, masters: nil).list()
            #expect(keys.map(\.algorithm) == [.ed25519])
            let verifier = try await TicketKeys(pool, masters: nil).verifier()
            let opened = try verifier.open(try #require(texts.first), at: WallClock.microseconds())
            #expect(opened == token)
        }
    }

    @Test func `a change of keys and what tells of it are one transaction`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let keys = TicketKeys(database.pool, masters: try Self.masters(MasterKeys.generate()))
            let old = try await keys.signer()
            let failing = [SQLStatement("SELECT 1 / 0")]
            await #expect(throws: PostgresError.self) { try await keys.rotate(to: .hmac) { _ in failing } }
            #expect(try await keys.list().map(\.id) == [old.key])
            let new = try await keys.rotate(to: .hmac) { key in
                [SQLStatement("INSERT INTO queue_marks (queue) VALUES ($1)", [.text(key.id.description)])]
            }
            let told = try await database.pool.query(SQLStatement("SELECT queue FROM queue_marks"))
            #expect(told.map { $0.text(0) } == [new.id.description])
            let now = WallClock.microseconds()
            await #expect(throws: PostgresError.self) { try await keys.retire(old.key, at: now, record: failing) }
            #expect(try await keys.list().allSatisfy { $0.retiredAt == nil })
        }
    }

    @Test func `after a rotation old tokens are accepted until their key is retired`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let keys = TicketKeys(database.pool, masters: try Self.masters(MasterKeys.generate()))
            let token = try Self.token()
            let old = try await keys.signer()
            let oldText = old.seal(token)
            let new = try await keys.rotate(to: .hmac)
            let newText = try await keys.signer().seal(token)
            let now = WallClock.microseconds()
            var verifier = try await keys.verifier()
            for text in [oldText, newText] {
                let opened = try verifier.open(text, at: now)
                #expect(opened == token)
            }
            let states = try await keys.list().map { $0.state(at: now) }
            #expect(states == [.signing, .accepted])

            await #expect(throws: TicketKeyError.self) { try await keys.retire(new.id, at: now) }
            _ = try await keys.retire(old.key, at: now)
            verifier = try await keys.verifier()
            let error = #expect(throws: TicketTokenError.self) { try verifier.open(oldText, at: now) }
            #expect(error?.code == .retiredKey)
            #expect(try verifier.open(newText, at: now) == token)
        }
    }

    @Test func `a rotation can say until when old tokens are accepted`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let keys = TicketKeys(database.pool, masters: try Self.masters(MasterKeys.generate()))
            let text = try await keys.signer().seal(try Self.token())
            let end = WallClock.microseconds() + 3_600_000_000
            _ = try await keys.rotate(to: .ed25519, oldUntil: end)
            let verifier = try await keys.verifier()
            #expect(throws: Never.self) { try verifier.open(text, at: end - 1) }
            #expect(throws: TicketTokenError.self) { try verifier.open(text, at: end) }
        }
    }

    @Test func `secrets are sealed, and follow the master key when it is rotated`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let (first, second) = (MasterKeys.generate(), MasterKeys.generate())
            let keys = TicketKeys(database.pool, masters: try Self.masters(first))
            let signer = try await keys.signer(orMake: .hmac)
            let otherKeys = TicketKeys(database.pool, masters: try Self.masters(second))
            await #expect(throws: (any Error).self) { try await otherKeys.signer() }

            let both = try Self.masters(second, first)
            let wrapped = try await SealedTicketKeys(database.pool, masters: both).sealAnew { _ in }
            #expect(wrapped == 1)
            let token = try Self.token()
            let text = try await otherKeys.signer().seal(token)
            #expect(text == signer.seal(token))
            let row = try await database.pool.query(SQLStatement("SELECT sealed_key FROM ticket_keys"))[0]
            #expect((row.bytes(0)?.count ?? 0) > 32)
        }
    }
}
