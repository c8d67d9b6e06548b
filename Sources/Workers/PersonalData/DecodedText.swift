/// The characters of a text with its escapes undone, such as `%40` and `\u0040`, and where each of them stands.
///
/// Letters are small, every kind of space is a space, and a typographic apostrophe or hyphen is the plain one.
/// Composed and decomposed letters are equal, as characters always are.
struct DecodedText {
    private struct Unit {
        var scalar: Unicode.Scalar
        var source: Range<String.Index>
    }

    let characters: [Character]
    private let sources: [Range<String.Index>]

    /// How often escapes may be escaped: JSON in a string of JSON in a query.
    private static let depth = 4

    init(_ text: String) {
        var units: [Unit] = []
        units.reserveCapacity(text.utf8.count)
        var start = text.startIndex
        for scalar in text.unicodeScalars {
            let end = text.unicodeScalars.index(after: start)
            units.append(Unit(scalar: scalar, source: start..<end))
            start = end
        }
        if text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "\\") }) {
            for _ in 0..<Self.depth {
                guard let decoded = Self.decoded(units) else { break }
                units = decoded
            }
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: units.lazy.map(\.scalar))
        var characters: [Character] = []
        var sources: [Range<String.Index>] = []
        characters.reserveCapacity(units.count)
        sources.reserveCapacity(units.count)
        var position = 0
        for character in String(view) {
            let last = position + character.unicodeScalars.count - 1
            characters.append(Self.folded(character))
            sources.append(units[position].source.lowerBound..<units[last].source.upperBound)
            position = last + 1
        }
        self.characters = characters
        self.sources = sources
    }

    /// Where the characters stand in the text as it was given.
    func source(of range: Range<Int>) -> Range<String.Index> {
        sources[range.lowerBound].lowerBound..<sources[range.upperBound - 1].upperBound
    }

    static func folded(_ character: Character) -> Character {
        if character.isWhitespace { return " " }
        switch character {
        case "’", "ʼ": return "'"
        case "\u{2010}", "\u{2011}": return "-"
        default:
            let small = character.lowercased()
            return small.count == 1 ? small.first ?? character : character
        }
    }

    /// The units with one layer of escapes undone; `nil` when there is none.
    private static func decoded(_ units: [Unit]) -> [Unit]? {
        var result: [Unit] = []
        result.reserveCapacity(units.count)
        var isChanged = false
        var position = 0
        while position < units.count {
            let escapes: [Escape]? =
                switch units[position].scalar {
                case "%": percentEncoded(units, position)
                case "\\": backslashed(units, position)
                default: nil
                }
            guard let escapes else {
                result.append(units[position])
                position += 1
                continue
            }
            isChanged = true
            for (scalar, length) in escapes {
                let source = units[position].source.lowerBound..<units[position + length - 1].source.upperBound
                result.append(Unit(scalar: scalar, source: source))
                position += length
            }
        }
        return isChanged ? result : nil
    }

    /// What stands for one scalar, in so many units.
    private typealias Escape = (scalar: Unicode.Scalar, length: Int)

    /// A run of `%c3%a9`; bytes that are no UTF-8 were not meant so.
    private static func percentEncoded(_ units: [Unit], _ start: Int) -> [Escape]? {
        var bytes: [UInt8] = []
        var position = start
        while position + 2 < units.count, units[position].scalar == "%",
            let byte = hexadecimal(units[position + 1..<position + 3])
        {
            bytes.append(UInt8(byte))
            position += 3
        }
        guard !bytes.isEmpty, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        return text.unicodeScalars.map { ($0, 3 * UTF8.width($0)) }
    }

    /// An escape of JSON; half a surrogate pair is none.
    private static func backslashed(_ units: [Unit], _ start: Int) -> [Escape]? {
        guard start + 1 < units.count else { return nil }
        let plain: Unicode.Scalar? =
            switch units[start + 1].scalar {
            case "\"", "\\", "/": units[start + 1].scalar
            case "n": "\n"
            case "r": "\r"
            case "t": "\t"
            case "b", "f": " "
            default: nil
            }
        if let plain { return [(plain, 2)] }
        guard let first = codeUnit(units, start) else { return nil }
        if let scalar = Unicode.Scalar(first) { return [(scalar, 6)] }
        guard let second = codeUnit(units, start + 6), UTF16.isLeadSurrogate(first), UTF16.isTrailSurrogate(second)
        else { return nil }
        let value = 0x10000 + (UInt32(first & 0x3ff) << 10) + UInt32(second & 0x3ff)
        return Unicode.Scalar(value).map { [($0, 12)] }
    }

    private static func codeUnit(_ units: [Unit], _ start: Int) -> UInt16? {
        guard start + 5 < units.count, units[start].scalar == "\\", units[start + 1].scalar == "u" else { return nil }
        return hexadecimal(units[start + 2..<start + 6])
    }

    private static func hexadecimal(_ digits: ArraySlice<Unit>) -> UInt16? {
        var value: UInt16 = 0
        for digit in digits {
            guard digit.scalar.isASCII, let number = Character(digit.scalar).hexDigitValue else { return nil }
            value = value << 4 | UInt16(number)
        }
        return value
    }
}
