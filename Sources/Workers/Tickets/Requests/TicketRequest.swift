import FlotillaModels

/// One ticket as a job asks for it.
struct TicketRequest: Sendable, Hashable {
    let id: ExternalID
    /// “TKT-001”, for people.
    let code: String
    /// Empty for a ticket without a name.
    let guestName: String
    let guestEmail: String?
    let guestID: String?
    /// As it was written: “standard”.
    let type: String
    /// A name or a number; `nil` takes the type's.
    let template: ExternalID?
    let end: WrittenTime?

    /// “Standard”, “VIP”.
    var shownType: String {
        if type == TicketTypeWords.vip { return type.uppercased() }
        return type.prefix(1).uppercased() + type.dropFirst()
    }
}

private enum TicketTypeWords {
    static let vip = "vip"
}
