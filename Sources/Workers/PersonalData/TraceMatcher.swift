/// Finds a person's texts where they stand as a whole, in whatever capitals and escapes, and nothing that merely contains
/// them: not `ann@example.org` in `joann@example.org` or `ann@example.org.uk`.
struct TraceMatcher: Sendable {
    private struct Form: Hashable {
        var characters: [Character]
        var kind: TraceEdges.Kind
    }

    /// By their first character, the longest first, so that none is cut by a part of it.
    private let forms: [Character: [Form]]
    private let shortest: Int
    private let allowsUnspaced: Bool

    /// - Parameter allowsUnspaced: whether words of scripts that write no spaces are found inside of longer ones.
    init(_ traces: [String: PersonalFields.Category], allowsUnspaced: Bool) {
        self.allowsUnspaced = allowsUnspaced
        var all: Set<Form> = []
        for (text, category) in traces { all.formUnion(Self.forms(of: text, category)) }
        all = all.filter { !$0.characters.isEmpty }
        shortest = all.map(\.characters.count).min() ?? 0
        forms = Dictionary(grouping: all) { $0.characters[0] }
            .mapValues { $0.sorted { $0.characters.count > $1.characters.count } }
    }

    func isFound(in text: String) -> Bool { !ranges(in: text).isEmpty }

    /// In order; they don't overlap.
    func ranges(in text: String) -> [Range<String.Index>] {
        guard !forms.isEmpty, text.utf8.count >= shortest else { return [] }
        let decoded = DecodedText(text)
        let edges = TraceEdges(characters: decoded.characters, allowsUnspaced: allowsUnspaced)
        var found: [Range<String.Index>] = []
        var position = 0
        while position < decoded.characters.count {
            if let range = match(at: position, in: edges) {
                found.append(decoded.source(of: range))
                position = range.upperBound
            } else {
                position += 1
            }
        }
        return found
    }

    func replacing(in text: String, with replacement: String) -> String {
        let found = ranges(in: text)
        guard !found.isEmpty else { return text }
        var result = ""
        var end = text.startIndex
        for range in found {
            result += text[end..<range.lowerBound]
            result += replacement
            end = range.upperBound
        }
        return result + text[end...]
    }

    private func match(at position: Int, in edges: TraceEdges) -> Range<Int>? {
        for form in forms[edges.characters[position]] ?? [] {
            let end = position + form.characters.count
            guard end <= edges.characters.count, edges.characters[position..<end].elementsEqual(form.characters),
                let whole = edges.whole(position..<end, form.kind)
            else { continue }
            return whole
        }
        return nil
    }

    private static func forms(of text: String, _ category: PersonalFields.Category) -> [Form] {
        if category == .phone {
            let digits = text.filter(\.isNumber)
            var spellings = [text]
            if digits.utf8.count > 4 {
                spellings.append(digits)
                if text.hasPrefix("+") { spellings.append("00" + digits) }
            }
            return spellings.map { spelling in
                // So few digits, or digits in groups, may be the beginning of more groups.
                let mayGoOn = digits.count < 8 || !spelling.drop { $0 == "+" }.allSatisfy(\.isNumber)
                return Form(characters: spelling.map(DecodedText.folded), kind: .number(mayGoOn: mayGoOn))
            }
        }
        let kind: TraceEdges.Kind = text.utf8.contains(UInt8(ascii: "@")) ? .address : .words
        // Capitals may be more letters: `STRASSE`.
        return [text, text.uppercased()].map { Form(characters: $0.map(DecodedText.folded), kind: kind) }
    }
}
