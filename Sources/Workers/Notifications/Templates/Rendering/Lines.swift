/// UTF-8 text by its lines: what ends one is LF, CR, U+2028 or U+2029.
extension [UInt8] {
    /// The words with single spaces between them; spaces that don't break stay.
    var onOneLine: [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(count)
        var index = 0
        while index < count {
            let separator = lineBreak(at: index)
            if separator > 0 || self[index] == 0x20 || self[index] == 0x09 {
                if line.last != 0x20, !line.isEmpty { line.append(0x20) }
                index += Swift.max(separator, 1)
            } else {
                line.append(self[index])
                index += 1
            }
        }
        if line.last == 0x20 { line.removeLast() }
        return line
    }

    /// Lines without spaces at their ends, at most one empty line in a row, none at the beginning, a break at the end.
    var withoutEmptyParagraphs: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(count)
        var start = 0
        var isAfterEmpty = false
        while start < count {
            var end = start
            while end < count, lineBreak(at: end) == 0 { end += 1 }
            var last = end
            while last > start, self[last - 1] == 0x20 || self[last - 1] == 0x09 { last -= 1 }
            if last > start {
                if isAfterEmpty, !text.isEmpty { text.append(0x0a) }
                text += self[start..<last]
                text.append(0x0a)
            }
            isAfterEmpty = last == start
            if end < count, self[end] == 0x0d, end + 1 < count, self[end + 1] == 0x0a { end += 1 }
            start = end < count ? end + lineBreak(at: end) : end
        }
        return text
    }

    /// How many bytes of a line's end begin here.
    private func lineBreak(at index: Int) -> Int {
        switch self[index] {
        case 0x0a, 0x0d: 1
        case 0xe2:
            index + 2 < count && self[index + 1] == 0x80 && (self[index + 2] == 0xa8 || self[index + 2] == 0xa9) ? 3 : 0
        default: 0
        }
    }
}

extension String {
    /// Cut at a space where there is one near, with an ellipsis.
    func shortened(to limit: Int) -> String {
        guard utf8.count > limit, count > limit else { return self }
        var text = prefix(limit - 1)
        if let space = text.lastIndex(of: " "), text.distance(from: space, to: text.endIndex) < 30 {
            text = text[..<space]
        }
        // An isolate that was opened in what is left closes in what was cut off.
        let opened = text.unicodeScalars.count { $0 == "\u{2068}" } - text.unicodeScalars.count { $0 == "\u{2069}" }
        return text + "…" + String(repeating: "\u{2069}", count: max(0, opened))
    }
}
