/// There is no such ticket, or not yet.
struct UnknownTicket: Error, Sendable, CustomStringConvertible {
    let name: TicketCancellation.Name

    var description: String {
        switch name {
        case .id(let id): "there is no ticket \(id)"
        case .code(let code): "there is no ticket with the code \(code)"
        }
    }
}
