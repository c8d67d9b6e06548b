/// A picture of the organiser's: PNG, checked for its form and size before anything reads it.
package struct Logo: Sendable, Hashable {
    /// In bytes.
    package static let largest = 256 << 10
    /// Pixels on a side: a small file can hold a picture that fills the memory.
    package static let widest = 2_000

    package let png: [UInt8]

    /// - Throws: `TicketDocumentError` when it is no PNG picture, or too large.
    package init(png: [UInt8]) throws(TicketDocumentError) {
        guard png.count <= Self.largest else { throw Self.unfit("is larger than \(Self.largest / 1_024) KiB") }
        let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        guard png.count > 33, png.starts(with: signature), Array(png[12..<16]) == Array("IHDR".utf8) else {
            throw Self.unfit("is no PNG picture")
        }
        func number(_ start: Int) -> Int { png[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
        guard (1...Self.widest).contains(number(16)), (1...Self.widest).contains(number(20)) else {
            throw Self.unfit("is wider or higher than \(Self.widest) pixels")
        }
        self.png = png
    }

    static func unfit(_ problem: String) -> TicketDocumentError {
        TicketDocumentError(code: .logo, detail: "the logo \(problem)")
    }
}
