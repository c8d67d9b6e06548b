/// What `styles.css` says. Mail programs drop style sheets, so the declarations are written into the tags at load.
///
/// Only plain selectors are understood: `p`, `.note`, `p.note`, with commas between them.
struct StyleSheet: Sendable {
    private struct Selector: Hashable {
        var element: String?
        var name: String?
    }

    private var rules: [(selector: Selector, declarations: String)] = []

    init() {}

    /// Reads the file, and adds what is wrong with it to `mistakes`.
    init(_ text: String, file: String, mistakes: inout [TemplateMistakes.Mistake]) {
        read(text, file: file, mistakes: &mistakes)
    }

    private mutating func read(_ text: String, file: String, mistakes: inout [TemplateMistakes.Mistake]) {
        var rest = text[...]
        var line = 1
        func report(_ problem: String) { mistakes.append(.init(file: file, line: line, problem: problem)) }
        while true {
            while let character = rest.first, character.isWhitespace {
                line += character.isNewline ? 1 : 0
                rest = rest.dropFirst()
            }
            if rest.isEmpty { return }
            if rest.hasPrefix("/*") {
                guard let end = rest.firstRange(of: "*/") else { return report("a comment is never closed") }
                line += rest[..<end.upperBound].count { $0.isNewline }
                rest = rest[end.upperBound...]
                continue
            }
            guard let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") else {
                return report("expected a selector with its declarations between { and }")
            }
            let selectors = rest[..<start].split(separator: ",")
            let declarations = Self.declarations(rest[rest.index(after: start)..<end])
            if declarations.contains(where: { "\"<>&{".contains($0) }) { report("declarations can't have \" < > & {") }
            for text in selectors {
                if let selector = Self.selector(text) {
                    rules.append((selector, declarations))
                } else {
                    report("“\(text.trimmedSpace)” is no plain selector such as p, .note or p.note")
                }
            }
            line += rest[...end].count { $0.isNewline }
            rest = rest[rest.index(after: end)...]
        }
    }

    /// The declarations for an element, later rules after earlier ones.
    func style(of element: String, classes: [String]) -> String {
        rules.filter { rule in
            (rule.selector.element ?? element) == element && (rule.selector.name.map(classes.contains) ?? true)
        }.map(\.declarations).joined()
    }

    private static func declarations(_ text: Substring) -> String {
        let parts = text.split(separator: ";").map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        return parts.filter { !$0.isEmpty }.map { $0 + ";" }.joined()
    }

    private static func selector(_ text: Substring) -> Selector? {
        let parts = text.trimmedSpace.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let isPlain = parts.joined().allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard isPlain, parts.count <= 2, parts.last?.isEmpty == false else { return nil }
        let element = parts[0].isEmpty ? nil : parts[0].lowercased()
        return Selector(element: element, name: parts.count == 2 ? parts[1] : nil)
    }
}

extension StringProtocol {
    var trimmedSpace: String {
        String(String(drop(while: \.isWhitespace)).reversed().drop(while: \.isWhitespace).reversed())
    }
}
