/// Decides whether what stands in a text is a whole address, number or name, or a part of a longer one, which is
/// somebody else's.
struct TraceEdges {
    enum Kind: Sendable, Hashable {
        case address
        /// - Parameter mayGoOn: whether more digits after a space would belong to it.
        case number(mayGoOn: Bool)
        case words
    }

    /// 64 characters, `@`, and 255 characters (RFC 5321, 4.5.3.1).
    private static let longestAddress = 320

    let characters: [Character]
    /// Whether words of scripts that write no spaces end anywhere.
    let allowsUnspaced: Bool

    /// - Returns: the whole value, with the `+` of a number; `nil` for a part of something longer.
    func whole(_ range: Range<Int>, _ kind: Kind) -> Range<Int>? {
        switch kind {
        case .address: return isAddress(range) ? range : nil
        case .number(let mayGoOn):
            let hasSign = characters[range.lowerBound] != "+" && before(range.lowerBound) == "+"
            let range = hasSign ? range.lowerBound - 1..<range.upperBound : range
            return isNumber(range, mayGoOn) ? range : nil
        case .words: return isWords(range) ? range : nil
        }
    }

    /// Letters, digits and `.`, `_`, `-`, `+`, `@` at an edge belong to the address; a full stop that ends a sentence
    /// does not.
    private func isAddress(_ range: Range<Int>) -> Bool {
        if let before = before(range.lowerBound) {
            if before.isPartOfWord || "._-+@".contains(before) { return false }
            // What an address may hold, but hardly begins with: `o'ann@example.org`.
            if "'!$^~%".contains(before), isWord(range.lowerBound - 2) {
                guard before == "'", isElision(range.lowerBound - 1) else { return false }
            }
        }
        return !continues(range.upperBound, by: "._-+", atMost: .max)
    }

    private func isNumber(_ range: Range<Int>, _ mayGoOn: Bool) -> Bool {
        let start = range.lowerBound
        if let before = before(start) {
            if before.isPartOfWord || "_+@".contains(before) { return false }
            if ".-".contains(before), isWord(start - 2) { return false }
            if mayGoOn, before == " ", characters[start] != "+", isDigit(start - 2) { return false }
        }
        if mayGoOn, range.upperBound < characters.count, characters[range.upperBound] == " ",
            isDigit(range.upperBound + 1)
        {
            return false
        }
        return !continues(range.upperBound, by: "._-+", atMost: .max)
    }

    private func isWords(_ range: Range<Int>) -> Bool {
        let (start, end) = (range.lowerBound, range.upperBound)
        if let before = before(start) {
            if before == "@" || before.isPartOfWord && !isUnspaced(start - 1) { return false }
            if "._-+".contains(before), isWord(start - 2) { return false }
            if before == "'", isWord(start - 2), !isElision(start - 1) { return false }
        }
        if end < characters.count, isUnspaced(end) { return !isInAddress(range) }
        return !continues(end, by: "._-+", atMost: 1) && !isInAddress(range)
    }

    private func before(_ position: Int) -> Character? { position > 0 ? characters[position - 1] : nil }

    private func isWord(_ position: Int) -> Bool {
        characters.indices.contains(position) && characters[position].isPartOfWord
    }

    private func isDigit(_ position: Int) -> Bool {
        characters.indices.contains(position) && characters[position].isNumber
    }

    /// Whether a word or `@` comes next, be it after some of the characters that join.
    private func continues(_ end: Int, by joiners: String, atMost most: Int) -> Bool {
        var position = end
        while position < characters.count, position - end < most, joiners.contains(characters[position]) {
            position += 1
        }
        return isWord(position) || position < characters.count && characters[position] == "@"
    }

    /// Whether the apostrophe is that of an article: `d'Ann`, and not `O'Ann`.
    private func isElision(_ apostrophe: Int) -> Bool {
        var start = apostrophe
        while start > 0, characters[start - 1].isPartOfWord { start -= 1 }
        return Self.elisions.contains(String(characters[start..<apostrophe]))
    }

    private static let elisions: Set<String> = [
        "c", "d", "j", "l", "m", "n", "qu", "s", "t", "jusqu", "lorsqu", "puisqu", "all", "dall", "dell", "nell",
        "sull",
    ]

    /// Whether the words stand in an address that is not the person's: `ann.b@example.org`, `bob@ann-lee.org`.
    private func isInAddress(_ range: Range<Int>) -> Bool {
        let first = max(0, range.lowerBound - Self.longestAddress)
        let last = min(characters.count, range.upperBound + Self.longestAddress)
        var (start, end) = (range.lowerBound, range.upperBound)
        while start > first, characters[start - 1].isPartOfAddress { start -= 1 }
        while end < last, characters[end].isPartOfAddress { end += 1 }
        return characters[start..<range.lowerBound].contains("@") || characters[range.upperBound..<end].contains("@")
    }

    /// Whether the character is of a script without spaces, where a word's end can't be seen.
    private func isUnspaced(_ position: Int) -> Bool {
        guard allowsUnspaced, let value = characters[position].unicodeScalars.first?.value else { return false }
        return Self.unspaced.contains { $0.contains(value) }
    }

    /// Thai and Lao, Burmese, Khmer, and the scripts of China and Japan.
    private static let unspaced: [ClosedRange<UInt32>] = [
        0x0e00...0x0eff, 0x1000...0x109f, 0x1780...0x17ff, 0x3040...0x30ff, 0x3400...0x4dbf, 0x4e00...0x9fff,
        0xf900...0xfaff, 0x20000...0x3ffff,
    ]
}

extension Character {
    var isPartOfWord: Bool { isLetter || isNumber }

    fileprivate var isPartOfAddress: Bool { isPartOfWord || "._-+'!$^~%@".contains(self) }
}
