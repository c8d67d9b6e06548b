/// A key that signs, or has signed, tickets, without its secret. Times are microseconds since 1970.
package struct TicketKey: Sendable, Hashable {
    package let id: TicketKeyID
    package let algorithm: TicketAlgorithm
    /// 32 bytes; `nil` for HMAC, which has no public half.
    package let publicKey: [UInt8]?
    package let createdAt: Int64
    /// When a newer key took over; `nil` for the one that signs.
    package let supersededAt: Int64?
    /// From when on its tokens are refused; `nil` for never.
    package let retiredAt: Int64?

    package init(
        id: TicketKeyID,
        algorithm: TicketAlgorithm,
        publicKey: [UInt8]?,
        createdAt: Int64,
        supersededAt: Int64?,
        retiredAt: Int64?
    ) {
        self.id = id
        self.algorithm = algorithm
        self.publicKey = publicKey
        self.createdAt = createdAt
        self.supersededAt = supersededAt
        self.retiredAt = retiredAt
    }

    package enum State: String, Sendable {
        /// New tickets are signed with it.
        case signing
        /// Its tickets are accepted.
        case accepted
        /// Its tickets are refused.
        case retired
    }

    package func state(at now: Int64) -> State {
        if let retiredAt, retiredAt <= now { return .retired }
        return supersededAt == nil ? .signing : .accepted
    }
}
