package import FlotillaModels
package import Workers

/// Enters into the ledger what happens to companies' tokens: `token.purchased`, `.used` and `.allocated`.
///
/// A batch locks an account once, however many entries it brings. A use without a number is one of a single token.
package struct TokenWorker: BatchWorker {
    package static let name = "quota"
    package static let events = TokenEvent.Kind.allCases.map(\.event)

    package init() {}

    package func handle(_ items: [BatchItem<TokenEvent>], in context: BatchContext) async throws -> [Outcome] {
        let event = QueueName.event(of: context.queue)
        guard let kind = TokenEvent.Kind.allCases.first(where: { $0.event == event }) else {
            throw PermanentError(type: "unknown_event", message: "no token event comes by the queue \(context.queue)")
        }
        let entries = try items.map { try entry(kind, $0) }
        try await context.transaction(first: TokenStatements.open(entries)) { transaction in
            var ledger = TokenLedger(answers: transaction.firstResults)
            for (entry, isFresh) in zip(entries, transaction.isFresh) where isFresh { ledger.post(entry) }
            transaction.finish(with: TokenStatements.write(ledger))
        }
        return Array(repeating: .done, count: items.count)
    }

    private func entry(_ kind: TokenEvent.Kind, _ item: BatchItem<TokenEvent>) throws(InvalidPayload) -> TokenEntry {
        TokenEntry(
            companyID: item.payload.companyID,
            kind: kind,
            tokens: try item.payload.number(kind),
            reference: item.payload.reference,
            occurredAt: item.time(of: item.payload.occurredAt)
        )
    }
}
