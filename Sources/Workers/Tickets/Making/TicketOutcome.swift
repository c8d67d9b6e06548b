import FlotillaModels

/// What became of one ticket of a job.
struct TicketOutcome: Sendable {
    /// In the job, from 0.
    let position: Int
    let ticketID: ExternalID?
    let code: String?
    /// The ticket as it is kept, or why there is none.
    let result: Result<GeneratedTicket, TicketProblem>
    /// Zero for one that was there already.
    let duration: Duration

    var problem: TicketProblem? {
        guard case .failure(let problem) = result else { return nil }
        return problem
    }

    func failed(_ problem: TicketProblem) -> TicketOutcome {
        TicketOutcome(
            position: position,
            ticketID: ticketID,
            code: code,
            result: .failure(problem),
            duration: duration
        )
    }
}
