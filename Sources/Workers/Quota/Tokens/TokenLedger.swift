import FlotillaStorage

/// The token accounts of some companies, and the entries that a batch adds to them.
///
/// What a company has is the sum of all that came less all that went. When more goes than there was, the balance is zero
/// and the rest a debt, which the next tokens pay off first: a balance is never negative, and nothing that was used is
/// forgotten.
struct TokenLedger: Sendable {
    struct Account: Sendable, Hashable {
        var balance: Int64 = 0
        var debt: Int64 = 0
        /// How many entries there are; the number of the last one.
        var entries: Int64 = 0

        mutating func add(_ amount: Int64) {
            let position = balance - debt + amount
            (balance, debt) = (max(0, position), max(0, -position))
            entries += 1
        }
    }

    /// An entry as it is written: what moved, and what there was then.
    struct Line: Sendable, Hashable {
        var entry: TokenEntry
        var account: Account

        var amount: Int64 { entry.kind.isUse ? -entry.tokens : entry.tokens }
    }

    private struct Reference: Hashable {
        let companyID: ExactText
        let kind: TokenEvent.Kind
        let text: ExactText
    }

    private var accounts: [ExactText: Account]
    private var references: Set<Reference> = []
    private(set) var lines: [Line] = []

    init(accounts: [ExactText: Account] = [:]) { self.accounts = accounts }

    /// Notes an entry that is in the ledger already.
    mutating func know(_ kind: TokenEvent.Kind, _ reference: String, of companyID: String) {
        references.insert(Reference(companyID: ExactText(companyID), kind: kind, text: ExactText(reference)))
    }

    /// Adds an entry; one whose reference is there already changes nothing.
    mutating func post(_ entry: TokenEntry) {
        let company = ExactText(entry.companyID)
        if let text = entry.reference {
            let reference = Reference(companyID: company, kind: entry.kind, text: ExactText(text))
            guard references.insert(reference).inserted else { return }
        }
        var line = Line(entry: entry, account: accounts[company, default: Account()])
        line.account.add(line.amount)
        accounts[company] = line.account
        lines.append(line)
    }

    /// The accounts that have new entries, in the order of their companies.
    var changed: [(companyID: String, account: Account)] {
        Set(lines.map { ExactText($0.entry.companyID) }).sorted().map { ($0.text, accounts[$0, default: Account()]) }
    }
}

extension TokenLedger {
    /// - Parameter answers: to ``TokenStatements/open(_:)``.
    init(answers: some Collection<SQLResult>) {
        let answers = Array(answers.suffix(2))
        var accounts: [ExactText: Account] = [:]
        for row in answers[0] {
            guard let company = row.text(0) else { continue }
            accounts[ExactText(company)] = Account(
                balance: row.int(1) ?? 0,
                debt: row.int(2) ?? 0,
                entries: row.int(3) ?? 0
            )
        }
        self.init(accounts: accounts)
        for row in answers[1] {
            if let company = row.text(0), let kind = row.text(1).flatMap(TokenEvent.Kind.init), let text = row.text(2) {
                know(kind, text, of: company)
            }
        }
    }
}
