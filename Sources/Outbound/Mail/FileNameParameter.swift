/// The `filename` of an attachment (RFC 2183), beyond ASCII or long by RFC 2231.
enum FileNameParameter {
    private static let longestPlain = 60

    /// Begins with the semicolon, folded.
    static func text(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "%") }
        if isPlain, name.utf8.count <= longestPlain {
            let escaped = name.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
            return ";\r\n filename=\"\(escaped)\""
        }
        var segments: [String] = []
        var segment = "UTF-8''"
        // Some readers decode each segment by itself: a character is never split between two.
        for scalar in name.unicodeScalars {
            let piece = String(scalar).utf8.map { byte in
                isAttributeCharacter(byte) ? String(Unicode.Scalar(byte)) : percentEncoded(byte)
            }.joined()
            if segment.utf8.count + piece.utf8.count > longestPlain {
                segments.append(segment)
                segment = ""
            }
            segment += piece
        }
        segments.append(segment)
        guard segments.count > 1 else { return ";\r\n filename*=\(segment)" }
        return segments.enumerated().map { ";\r\n filename*\($0.offset)*=\($0.element)" }.joined()
    }

    private static func percentEncoded(_ byte: UInt8) -> String { "%" + QuotedPrintable.escape(byte).dropFirst() }

    /// `attribute-char` of RFC 2231.
    private static func isAttributeCharacter(_ byte: UInt8) -> Bool {
        byte.isLetterDigitOrHyphen || "!#$&+.^_`{|}~".utf8.contains(byte)
    }
}
