/// Quoted-printable (RFC 2045, 6.7), for text that is mostly ASCII.
enum QuotedPrintable {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// `=C3`.
    static func escape(_ byte: UInt8) -> String { String(decoding: escaped(byte), as: UTF8.self) }

    /// The lines of a text, whichever way they are ended.
    static func lines(of text: String) -> [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        var previous: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case 0x0a where previous == 0x0d: break
            case 0x0a, 0x0d: lines.append([])
            default: lines[lines.count - 1].append(byte)
            }
            previous = byte
        }
        return lines
    }

    /// Lines of at most 76 characters; the last has no end unless the text ends with one.
    ///
    /// A dot at the start of a line is escaped too, so that nothing on the way has to stuff it.
    static func encode(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count * 5 / 4)
        for (index, line) in lines(of: text).enumerated() {
            if index > 0 { output += [0x0d, 0x0a] }
            append(line, to: &output)
        }
        return output
    }

    private static func append(_ line: [UInt8], to output: inout [UInt8]) {
        var column = 0
        for (index, byte) in line.enumerated() {
            let isLast = index == line.count - 1
            let isBlank = byte == 0x20 || byte == 0x09
            let isPlain = (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "=") || isBlank && !isLast
            let isLeadingDot = byte == UInt8(ascii: ".") && column == 0
            let piece = isPlain && !isLeadingDot ? [byte] : escaped(byte)
            // The soft break itself needs a column, but for the last piece of the line.
            if column + piece.count > (isLast ? 76 : 75) {
                output += [UInt8(ascii: "="), 0x0d, 0x0a]
                column = 0
                let again = byte == UInt8(ascii: ".") ? escaped(byte) : piece
                output += again
                column = again.count
            } else {
                output += piece
                column += piece.count
            }
        }
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
