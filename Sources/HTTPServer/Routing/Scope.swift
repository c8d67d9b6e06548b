/// What a caller may do. `admin` may do everything; the others stand for themselves.
package enum Scope: String, Sendable, Hashable, CaseIterable {
    case read
    case readPersonal = "read:personal"
    case enqueue
    case send
    case scan
    case view
    case operate
    case edit
    case admin

    /// In a few words, for descriptions and help.
    package var summary: String {
        switch self {
        case .read: "see jobs, notifications, tickets, companies, metrics: no personal data"
        case .readPersonal: "see payloads, addresses, and codes and links of tickets, which are masked otherwise"
        case .enqueue: "hand in jobs and events, as far as the grants go, and follow the own jobs"
        case .send: "send free texts to free addresses"
        case .scan: "let guests in by their tickets"
        case .view: "look at profiles and search for a company, which its quota counts"
        case .operate: "cancel tickets, see the audit log"
        case .edit: "change what is kept of people: preferences, what they have read"
        case .admin: "everything but what is the fleet's own"
        }
    }
}
