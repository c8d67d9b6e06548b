/// A ticket that can't be drawn.
package struct TicketDocumentError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The text is too long for a QR code.
        case code = "qr_code"
        /// It is no PNG picture, or a too large one.
        case picture
        /// A text has something that can't be drawn.
        case text
        /// The drawing library failed: out of memory.
        case drawing
    }

    package let code: Code
    package let detail: String
    /// Whether the same ticket may succeed later.
    package var isRetriable: Bool { code == .drawing }

    package var description: String { detail }
}
