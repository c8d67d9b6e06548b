/// The form in which texts and queries meet: without accents and capitals.
package enum SearchText {
    /// The form for full text: beside accents and capitals, the feminine of French participles (`expérimentée`) is
    /// brought to its masculine, which a stemmer can't do any more once the accent is gone, and names that consist of
    /// signs (`C++`, `C#`, `.NET`) become words.
    package static func words(_ text: String) -> String {
        var folded = fold(text, joinsParticiples: true)
        if folded.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: ".") }) {
            folded = namingSigns(folded)
        }
        return String(decoding: folded, as: UTF8.self)
    }

    /// The form for whole values, such as the name of a skill: besides, spaces are single and none are at the ends.
    package static func key(_ text: String) -> String {
        var key: [UInt8] = []
        for byte in fold(text, joinsParticiples: false) {
            let isSpace = byte <= 0x20
            if isSpace, key.isEmpty || key.last == 0x20 { continue }
            key.append(isSpace ? 0x20 : byte)
        }
        if key.last == 0x20 { key.removeLast() }
        return String(decoding: key, as: UTF8.self)
    }

    private static func fold(_ text: String, joinsParticiples: Bool) -> [UInt8] {
        var folded: [UInt8] = []
        folded.reserveCapacity(text.utf8.count)
        /// How many letters the current word has so far, and where the last `é` of it ended.
        var letters = 0
        var participle = -1
        for scalar in text.unicodeScalars {
            let value = scalar.value
            if value < 0x80 {
                let byte = UInt8(value)
                let lower = (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
                if (0x61...0x7a).contains(lower) {
                    letters += 1
                } else {
                    endWord(&folded, participle)
                    letters = 0
                    participle = -1
                }
                folded.append(lower)
            } else if (0x300...0x36f).contains(value) {
                if value == 0x301, folded.last == UInt8(ascii: "e"), letters > 5, joinsParticiples {
                    participle = folded.count
                }
            } else if let (first, second) = LatinFolding.letters(of: scalar) {
                folded.append(first)
                if let second { folded.append(second) }
                letters += 1
                if scalar == "é" || scalar == "É", letters > 5, joinsParticiples { participle = folded.count }
            } else if let sign = plainSign(scalar) {
                endWord(&folded, participle)
                letters = 0
                participle = -1
                folded.append(sign)
            } else {
                letters = 0
                participle = -1
                folded.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            }
        }
        endWord(&folded, participle)
        return folded
    }

    /// Takes the `e` or `es` off that follows an `é` at the end of a word.
    private static func endWord(_ folded: inout [UInt8], _ participle: Int) {
        guard participle >= 0 else { return }
        let rest = folded[participle...]
        if rest.elementsEqual("e".utf8) || rest.elementsEqual("es".utf8) { folded.removeSubrange(participle...) }
    }

    /// Typographic quotes, dashes and spaces as their ASCII fellows.
    private static func plainSign(_ scalar: Unicode.Scalar) -> UInt8? {
        switch scalar.value {
        case 0x2018, 0x2019, 0x201a, 0x2bc: UInt8(ascii: "'")
        case 0x201c, 0x201d, 0x201e, 0xab, 0xbb: UInt8(ascii: "\"")
        case 0x2010...0x2015, 0x2212: UInt8(ascii: "-")
        case 0xa0, 0x2000...0x200b, 0x202f, 0x3000: UInt8(ascii: " ")
        default: nil
        }
    }

    private static let names: [(sign: [UInt8], word: [UInt8])] = [
        ("c++", "cplusplus"), ("c#", "csharp"), ("f#", "fsharp"), (".net", "dotnet"),
    ].map { (Array($0.utf8), Array($1.utf8)) }

    private static func namingSigns(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 16)
        var index = 0
        while index < text.count {
            let isAtStart = index == 0 || !text[index - 1].isWordByte
            let match = isAtStart ? names.first { text[index...].starts(with: $0.sign) } : nil
            if let match, index + match.sign.count == text.count || !text[index + match.sign.count].isWordByte {
                result += match.word
                index += match.sign.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }
}

extension UInt8 {
    /// Whether it is part of a word in folded text: a letter, a digit, or any byte beyond ASCII.
    var isWordByte: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x80...: true
        default: false
        }
    }
}
