package import FlotillaStorage

/// From whom a row's event came in, and how: the columns `received_*`, which nobody outside the fleet can write.
package struct AuditReceipt: Sendable, Hashable {
    /// An API key, a token's subject, a user of the broker; `nil` where nothing shows who it was.
    package var by: String?
    package var route: String?
    package var address: String?
    /// Microseconds since 1970.
    package var at: Int64?
    /// The id that the caller gave, where the message's own is another.
    package var id: String?

    package init() {}

    package init(_ from: ReceivedFrom?) {
        (by, route, address, at, id) = (from?.by, from?.route, from?.address, from?.at, from?.id)
    }

    package var isEmpty: Bool { self == AuditReceipt() }
}
