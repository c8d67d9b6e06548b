/// Something that happens to a company's tokens.
struct TokenEntry: Sendable, Hashable {
    var companyID: String
    var kind: TokenEvent.Kind
    /// Above zero, whichever way they go.
    var tokens: Int64
    /// By which it counts once; `nil` leaves that to the message.
    var reference: String?
    var occurredAt: Int64
}
