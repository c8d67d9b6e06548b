/// The outcome of a scan; the words are those of answers, events and records.
package enum ScanOutcome: String, Sendable, Hashable, CaseIterable {
    /// Let the guest in.
    case valid
    /// A guest has come in with it.
    case alreadyUsed = "already_used"
    case cancelled
    /// A genuine ticket of another event.
    case wrongEvent = "wrong_event"
    /// The signature is genuine, and there is no such ticket.
    case unknownTicket = "unknown_ticket"
    /// The ticket's own time has passed.
    case expiredToken = "expired_token"
    /// The key that signed it has been retired.
    case expiredKey = "expired_key"
    /// Its key has not signed it.
    case forged
    /// It names a key that never was.
    case unknownKey = "unknown_key"
    /// Some other code, or a damaged one.
    case notATicket = "not_a_ticket"

    /// What somebody who makes up tickets leaves behind.
    static let forgeries: Set<ScanOutcome> = [.forged, .unknownKey, .notATicket]

    init(_ error: TicketTokenError) {
        self =
            switch error.code {
            case .malformed: .notATicket
            case .unknownKey: .unknownKey
            case .retiredKey: .expiredKey
            case .forged: .forged
            case .expired: .expiredToken
            }
    }

    /// For the person who scans.
    package var message: String {
        switch self {
        case .valid: "The ticket is valid."
        case .alreadyUsed: "Somebody has come in with this ticket already."
        case .cancelled: "The ticket is cancelled."
        case .wrongEvent: "The ticket is for another event."
        case .unknownTicket: "There is no such ticket."
        case .expiredToken: "The ticket has expired."
        case .expiredKey: "The ticket is signed with a key that has been retired; it has to be made again."
        case .forged: "The ticket is forged: its signature is wrong."
        case .unknownKey: "The ticket is signed with a key that is not known here."
        case .notATicket: "This is no ticket."
        }
    }
}
