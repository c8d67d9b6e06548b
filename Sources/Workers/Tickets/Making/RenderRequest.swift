import FlotillaTicketDocuments

/// A ticket to draw, and where its file goes.
struct RenderRequest: Sendable {
    let content: TicketContent
    let path: String
}
