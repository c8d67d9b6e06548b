import FlotillaModels
import FlotillaPlatform
import FlotillaStorage

/// Tickets of a job that are made and recorded together, and lost to a crash together.
///
/// From the look at what there is to the record nobody else makes these tickets, in whatever process: otherwise the page
/// of one job could end up beside the row of another. The locks end with the transaction, so with the process too.
struct TicketGroup: Sendable {
    /// How many tickets there are in a group, at most.
    static let size = 64

    let places: Range<Int>
    let writer: TicketWriter
    let renderer: TicketRenderer
    let store: any TicketFileStore

    /// Makes what is not there yet, and commits.
    ///
    /// - Parameter fleetJob: the id of the fleet's job that carries the ticket job.
    /// - Returns: what became of each; `nil` when the job was cancelled.
    func make(fleetJob: String?, in transaction: PostgresTransaction) async throws -> [TicketOutcome]? {
        let ids = writer.jobRequest.entries[places].compactMap { $0.id?.text }
        let answers = try await transaction.pipeline([
            TicketStatements.extendIdleTimeout, TicketStatements.lock(ids),
            TicketJobRecord.isCancelled(writer.jobID, fleetJob: fleetJob), TicketStatements.find(ids),
        ])
        if answers[2].first?.bool(0) == true { return nil }
        let known = Dictionary(answers[3].map { GeneratedTicket($0) }.map { ($0.ticketID.text, $0) }) { $1 }
        var outcomes: [TicketOutcome] = []
        var requests: [RenderRequest] = []
        var drafts: [TicketDraft] = []
        for position in places {
            let entry = writer.jobRequest.entries[position]
            switch writer.step(position, entry, known: entry.id.flatMap { known[$0.text] }) {
            case .done(let outcome): outcomes.append(outcome)
            case .render(let request, let draft):
                requests.append(request)
                drafts.append(draft)
            }
        }
        let rendered = try await renderer.render(requests, into: store)
        let now = WallClock.microseconds()
        let made = zip(drafts, rendered).map { writer.outcome(of: $0, $1, now: now) }
        outcomes = (outcomes + (try await record(made, in: transaction))).sorted { $0.position < $1.position }
        try await transaction.commit(after: [TicketStatements.log(outcomes, job: writer.jobID)])
        return outcomes
    }

    /// Cancelling does not wait for a drawing: a ticket that was cancelled during it is reported as such.
    private func record(
        _ made: [TicketOutcome],
        in transaction: PostgresTransaction
    ) async throws(PostgresError) -> [TicketOutcome] {
        let tickets = made.compactMap { try? $0.result.get() }
        guard !tickets.isEmpty else { return made }
        let valid = Set(try await transaction.query(TicketStatements.upsert(tickets)).compactMap { $0.text(0) })
        return made.map { outcome in
            guard case .success(let ticket) = outcome.result, !valid.contains(ticket.ticketID.text) else {
                return outcome
            }
            return outcome.failed(.cancelled(ticket.ticketID))
        }
    }
}
