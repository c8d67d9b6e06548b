@testable import FlotillaQuota
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct TokenWorkerTests {
    func input(
        _ id: String,
        _ kind: TokenEvent.Kind,
        _ tokens: Int?,
        reference: String? = nil,
        company: String = "acme"
    ) -> HandlerHarness.Input {
        let number = tokens.map { #","tokens":\#($0)"# } ?? ""
        let reference = reference.map { #","transactionId":"\#($0)""# } ?? ""
        return HandlerHarness.Input(id, kind.event, #"{"customerId":"\#(company)"\#(number)\#(reference)}"#)
    }

    /// Companies whose account is not what their entries make of it, entry by entry.
    static let untrue = """
        SELECT count(*) FROM (
            SELECT company_id FROM (
                SELECT company_id, sequence, balance - debt AS position,
                    sum(amount) OVER (PARTITION BY company_id ORDER BY sequence) AS sum,
                    row_number() OVER (PARTITION BY company_id ORDER BY sequence) AS place
                FROM token_ledger
            ) AS line WHERE position <> sum OR sequence <> place
            UNION ALL
            SELECT company_id FROM token_accounts AS account
            WHERE balance - debt <> (SELECT coalesce(sum(amount), 0) FROM token_ledger
                WHERE company_id = account.company_id)
        ) AS company
        """

    @Test func `under concurrency and repeats each account is the sum of its entries`() async throws {
        try await TestDatabase.with(size: 12, migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            let companies = ["a", "b", "c", "é", "e\u{301}"]
            await withTaskGroup { group in
                for batch in 0..<60 {
                    group.addTask {
                        // Every message is in two batches, and every reference in two messages.
                        let kind = TokenEvent.Kind.allCases[batch / 2 % 3]
                        let inputs = (0..<40).map { number in
                            input(
                                "\(kind)-\(batch / 2)-\(number)",
                                kind,
                                number % 7 + 1,
                                reference: "\(batch / 2)-\(number / 2)",
                                company: companies[number / 2 % companies.count]
                            )
                        }
                        #expect(await fixture.tokens(kind).handle(inputs.shuffled()).areDone)
                    }
                }
            }
            #expect(try await database.count("SELECT count(*) FROM token_ledger") == 30 * 20)
            #expect(try await database.count("SELECT count(*) FROM token_accounts") == 5)
            #expect(try await database.count(Self.untrue) == 0)
        }
    }

    @Test func `a use beyond the balance is a debt, never a negative balance`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            await fixture.tokens(.purchased).handle([input("1", .purchased, 10)])
            await fixture.tokens(.used).handle([input("2", .used, 25), input("3", .used, nil)])
            let reader = TokenReader(database.pool)
            #expect(try await reader.read("acme", limit: 10).account == .init(balance: 0, debt: 16))
            await fixture.tokens(.allocated).handle([input("4", .allocated, 20)])
            let (account, entries) = try await reader.read("acme", limit: 10)
            #expect(account == .init(balance: 4, debt: 0))
            #expect(entries.map(\.amount) == [20, -1, -25, 10])
            #expect(try await reader.read("acme", before: 3, limit: 1).entries.map(\.sequence) == [2])
            #expect(try await reader.read("nobody", limit: 1).account == .init())
        }
    }

    @Test func `entries can't be changed or deleted`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            await QuotaFixture(database).tokens(.purchased).handle([input("1", .purchased, 10)])
            for sql in ["UPDATE token_ledger SET amount = 20", "DELETE FROM token_ledger", "TRUNCATE token_ledger"] {
                await #expect(throws: PostgresError.self) { try await database.pool.query(SQLStatement(sql)) }
            }
            #expect(try await database.count("SELECT sum(amount)::int8 FROM token_ledger") == 10)
        }
    }

    @Test func `a purchase without its number fails alone`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let inputs = [input("1", .purchased, 10), input("2", .purchased, nil), input("3", .purchased, 5)]
            let outcomes = await QuotaFixture(database).tokens(.purchased).handle(inputs)
            #expect(outcomes.map(\.isDone) == [true, false, true])
            #expect(try await database.count("SELECT balance FROM token_accounts") == 15)
        }
    }

    @Test func `a paid period brings its tokens once`() async throws {
        try await TestDatabase.with(size: 6, migrated: true) { database async throws in
            _ = try await PlanStore(database.pool).apply([
                Plan(code: "freemium", name: "Freemium"), Plan(code: "pro", name: "Pro", tokens: 50),
            ])
            let fixture = QuotaFixture(database)
            await withTaskGroup { group in
                for number in 0..<12 {
                    group.addTask {
                        var input = QuotaWorkerTests.payment("\(number % 3)", "acme", "pro")
                        input.id = "m-\(number)"
                        #expect(await fixture.payments().handle([input]).areDone)
                    }
                }
            }
            #expect(try await database.count("SELECT balance FROM token_accounts") == 150)
            #expect(try await database.count(Self.untrue) == 0)
        }
    }
}
