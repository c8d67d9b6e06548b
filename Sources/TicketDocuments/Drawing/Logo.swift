/// A picture of the organiser's: PNG, checked for its form and size before anything reads it.
package struct Logo: Sendable, Hashable {
    /// In bytes.
    package static let largest = 256 << 10
    /// Pixels on a side: a small file can hold a picture that fills the memory.
    package static let widest = 2_000

    package let png: [UInt8]

    /// - Throws: `TicketDocumentError` when it is no PNG picture, or too large.
    package init(png: [UInt8]) throws(TicketDocumentError) {
        guard png.count <= Self.largest else { throw Picture.unfit("is larger than \(Self.largest / 1_024) KiB") }
        try Picture.check(png, limit: Self.widest)
        self.png = png
    }
}
