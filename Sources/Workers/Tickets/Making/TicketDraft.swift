import FlotillaTicketDocuments

/// A ticket that is being printed, with what has to be recorded of it.
struct TicketDraft: Sendable {
    struct Identity: Sendable {
        let token: String
        let keyID: String
        /// Seconds since 1970.
        let issuedAt: UInt32
        let path: String
        let url: String
    }

    let position: Int
    let request: TicketRequest
    let template: TicketTemplate
    let identity: Identity
    let contentHash: [UInt8]
}
