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
            let isDot = byte == UInt8(ascii: ".")
            var width = isPlain && !(isDot && column == 0) ? 1 : 3
            // The soft break itself needs a column, but for the last character of the line.
            if column + width > (isLast ? 76 : 75) {
                output.append(UInt8(ascii: "="))
                output.append(0x0d)
                output.append(0x0a)
                column = 0
                if isDot { width = 3 }
            }
            if width == 1 {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "="))
                output.append(digits[Int(byte >> 4)])
                output.append(digits[Int(byte & 15)])
            }
            column += width
        }
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
