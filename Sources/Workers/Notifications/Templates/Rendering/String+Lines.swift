extension String {
    /// The words with single spaces between them; spaces that don't break stay.
    var onOneLine: String {
        split { $0.isNewline || $0 == " " || $0 == "\t" }.joined(separator: " ")
    }

    /// Cut at a space where there is one near, with an ellipsis.
    func shortened(to limit: Int) -> String {
        guard count > limit else { return self }
        var text = prefix(limit - 1)
        if let space = text.lastIndex(of: " "), text.distance(from: space, to: text.endIndex) < 30 {
            text = text[..<space]
        }
        // An isolate that was opened in what is left closes in what was cut off.
        let opened = text.unicodeScalars.count { $0 == "\u{2068}" } - text.unicodeScalars.count { $0 == "\u{2069}" }
        return text + "…" + String(repeating: "\u{2069}", count: max(0, opened))
    }

    /// Lines without spaces at their ends, at most one empty line in a row, none at the beginning, a break at the end.
    var withoutEmptyParagraphs: String {
        var text = ""
        var empty = 0
        for line in split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let end = line.lastIndex { $0 != " " && $0 != "\t" }
            guard let end else {
                empty += 1
                continue
            }
            if !text.isEmpty, empty > 0 { text += "\n" }
            empty = 0
            text += line[...end]
            text += "\n"
        }
        return text
    }
}
