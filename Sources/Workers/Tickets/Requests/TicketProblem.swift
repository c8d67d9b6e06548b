import FlotillaModels

/// Why one ticket of a job is not made; the others are.
package struct TicketProblem: Error, Sendable, Hashable {
    package enum Code: String, Sendable {
        /// A field is missing or wrong.
        case invalid = "invalid_ticket"
        /// The same ticket stands in the job twice.
        case duplicate = "duplicate_ticket"
        /// No template has this id.
        case unknownTemplate = "unknown_template"
        /// The ticket id belongs to a ticket of another event.
        case otherEvent = "other_event"
        /// The ticket has been cancelled.
        case cancelled = "cancelled_ticket"
        /// It can't be drawn.
        case document = "document"
    }

    package let code: Code
    package let message: String

    static func cancelled(_ id: ExternalID) -> TicketProblem {
        TicketProblem(code: .cancelled, message: "ticket \(id.text) has been cancelled")
    }
}
