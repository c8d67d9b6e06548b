import FlotillaModels

/// A place in a job: a ticket, or what is wrong with it.
enum TicketEntry: Sendable {
    case ticket(TicketRequest)
    /// What could be read of it, and the problem.
    case faulty(id: ExternalID?, code: String?, TicketProblem)

    var id: ExternalID? {
        switch self {
        case .ticket(let ticket): ticket.id
        case .faulty(let id, _, _): id
        }
    }
}
