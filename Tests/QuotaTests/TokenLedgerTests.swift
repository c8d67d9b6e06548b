@testable import FlotillaQuota
import FlotillaStorage
import Testing

struct TokenLedgerTests {
    func entry(
        _ kind: TokenEvent.Kind,
        _ tokens: Int64,
        _ reference: String? = nil,
        of company: String = "c"
    ) -> TokenEntry {
        TokenEntry(companyID: company, kind: kind, tokens: tokens, reference: reference, occurredAt: 0)
    }

    @Test func `what is used beyond the balance is a debt, which the next tokens pay off first`() {
        var ledger = TokenLedger()
        for entry in [
            entry(.purchased, 10), entry(.used, 4), entry(.used, 9), entry(.used, 1), entry(.allocated, 3),
            entry(.purchased, 10),
        ] { ledger.post(entry) }
        #expect(ledger.lines.map(\.account.balance) == [10, 6, 0, 0, 0, 9])
        #expect(ledger.lines.map(\.account.debt) == [0, 0, 3, 4, 1, 0])
        #expect(ledger.lines.map(\.account.entries) == [1, 2, 3, 4, 5, 6])
        #expect(ledger.lines.map(\.amount).reduce(0, +) == 9)
    }

    @Test func `an entry counts once by its reference, for each company and kind`() {
        var ledger = TokenLedger(accounts: [ExactText("c"): .init(balance: 5, entries: 7)])
        ledger.know(.purchased, "old", of: "c")
        for reference in ["old", "new", "new"] { ledger.post(entry(.purchased, 1, reference)) }
        ledger.post(entry(.used, 1, "new"))
        ledger.post(entry(.purchased, 1, "old", of: "d"))
        ledger.post(entry(.purchased, 1))
        ledger.post(entry(.purchased, 1))
        #expect(ledger.lines.count == 5)
        #expect(ledger.changed.map(\.companyID) == ["c", "d"])
        #expect(ledger.changed.map(\.account.balance) == [7, 1])
    }
}
