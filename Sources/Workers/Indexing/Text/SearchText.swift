/// The form in which texts and queries meet: without accents and capitals.
package enum SearchText {
    /// The form for full text. Besides, names that consist of signs (`C++`, `C#`, `.NET`) become words, and French
    /// feminines become masculines where stemmers leave them apart: of participles (`expérimentée`), for which they would
    /// need the accent, and of trades (`développeuse`, `directrice`), so that whoever looks for one finds both.
    package static func words(_ text: String) -> String {
        var folded = fold(text, joinsGenders: true)
        if folded.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: ".") }) {
            folded = namingSigns(folded)
        }
        return String(decoding: folded, as: UTF8.self)
    }

    /// The form for whole values, such as the name of a skill: besides, spaces are single and none are at the ends.
    package static func key(_ text: String) -> String {
        var key: [UInt8] = []
        for byte in fold(text, joinsGenders: false) {
            let isSpace = byte <= 0x20
            if isSpace, key.isEmpty || key.last == 0x20 { continue }
            key.append(isSpace ? 0x20 : byte)
        }
        if key.last == 0x20 { key.removeLast() }
        return String(decoding: key, as: UTF8.self)
    }

    /// The letters of a typographic ligature, as texts from PDF files have them.
    private static func ligature(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "\u{FB00}": "ff"
        case "\u{FB01}": "fi"
        case "\u{FB02}": "fl"
        case "\u{FB03}": "ffi"
        case "\u{FB04}": "ffl"
        case "\u{FB05}", "\u{FB06}": "st"
        default: nil
        }
    }

    private static func fold(_ text: String, joinsGenders: Bool) -> [UInt8] {
        var folded: [UInt8] = []
        folded.reserveCapacity(text.utf8.count)
        var word = Word(start: 0)
        func endWord() {
            if joinsGenders { word.joinGenders(in: &folded) }
        }
        for scalar in text.unicodeScalars {
            let value = scalar.value
            if value < 0x80 {
                let byte = UInt8(value)
                let lower = (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
                guard !(0x61...0x7a).contains(lower) else {
                    folded.append(lower)
                    continue
                }
                endWord()
                folded.append(byte)
                word = Word(start: folded.count)
            } else if (0x300...0x36f).contains(value) {
                if value == 0x301, folded.last == UInt8(ascii: "e") { word.acuteEnd = folded.count }
            } else if let (first, second) = LatinFolding.letters(of: scalar) {
                folded.append(first)
                if let second { folded.append(second) }
                if scalar == "é" || scalar == "É" { word.acuteEnd = folded.count }
            } else if let letters = ligature(scalar) {
                folded.append(contentsOf: letters.utf8)
            } else {
                endWord()
                if let sign = plainSign(scalar) {
                    folded.append(sign)
                } else {
                    folded.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
                }
                word = Word(start: folded.count)
            }
        }
        endWord()
        return folded
    }

    /// The Latin word that is being folded.
    private struct Word {
        let start: Int
        /// Where its last `é` ended.
        var acuteEnd = -1

        /// Shorter words are too often others: an `année` is no `anné`.
        private static let shortest = 7

        init(start: Int) { self.start = start }

        func joinGenders(in folded: inout [UInt8]) {
            guard folded.count - start >= Self.shortest else { return }
            let end = folded.last == UInt8(ascii: "s") ? folded.count - 1 : folded.count
            let letters = folded[start..<end]
            if acuteEnd > 0, acuteEnd == end - 1, letters.last == UInt8(ascii: "e"), letters.count >= Self.shortest {
                folded.removeSubrange(acuteEnd...)
            } else if letters.ends(with: "trice") {
                folded.replaceSubrange((end - 4)..., with: "eur".utf8)
            } else if letters.ends(with: "euse"), let before = letters.dropLast(4).last,
                // After other letters it is mostly an adjective in -eux.
                "bcdfhklmpstv".utf8.contains(before)
            {
                folded.replaceSubrange((end - 4)..., with: "eur".utf8)
            }
        }
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
            let isAtStart = index == 0 || !text[index - 1].belongsToWord
            let match = isAtStart ? names.first { text[index...].starts(with: $0.sign) } : nil
            if let match, index + match.sign.count == text.count || !text[index + match.sign.count].belongsToWord {
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

extension ArraySlice<UInt8> {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}

extension UInt8 {
    /// Whether it is part of a word in folded text: a letter, a digit, or any byte beyond ASCII.
    var belongsToWord: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x80...: true
        default: false
        }
    }
}
