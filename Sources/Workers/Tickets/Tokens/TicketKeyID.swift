import FlotillaPlatform

/// What a key that signs tickets is called: four bytes, eight hexadecimal digits.
package struct TicketKeyID: Sendable, Hashable, CustomStringConvertible {
    static let length = 4

    let bytes: [UInt8]

    init?(bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    /// - Returns: `nil` unless the text has eight lower-case hexadecimal digits.
    package init?(_ text: String) {
        var bytes: [UInt8] = []
        var digits = text.utf8[...]
        guard digits.count == Self.length * 2 else { return nil }
        while let high = digits.popFirst()?.hexadecimalDigit, let low = digits.popFirst()?.hexadecimalDigit {
            bytes.append(high << 4 | low)
        }
        self.init(bytes: bytes)
        guard description == text else { return nil }
    }

    package var description: String { bytes.hexadecimal }
}

extension UInt8 {
    fileprivate var hexadecimalDigit: UInt8? { Character(UnicodeScalar(self)).hexDigitValue.map { UInt8($0) } }
}
