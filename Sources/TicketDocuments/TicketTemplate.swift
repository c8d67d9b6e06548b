/// How a ticket looks.
package enum TicketTemplate: String, Sendable, CaseIterable {
    /// A page of A4 to print or to show.
    case standard
    /// A dark card of A5 with gold.
    case vip
    /// A name badge of A6 to hang around the neck.
    case badge

    var design: any TicketDesign {
        switch self {
        case .standard: StandardDesign()
        case .vip: VIPDesign()
        case .badge: BadgeDesign()
        }
    }
}
