import Models

/// What `words.json` says: the readers' words for the words that systems use.
struct WordTable: Sendable {
    private var words: [String: [WrittenLanguage: String]] = [:]

    init() {}

    /// Reads the file, and adds what is wrong with it to `mistakes`.
    init(_ text: String, file: String, mistakes: inout [TemplateMistakes.Mistake]) {
        let value: JSONValue
        do throws(InvalidPayload) {
            value = try JSONValue(Array(text.utf8))
        } catch {
            mistakes.append(.init(file: file, line: 1, problem: error.problem))
            return
        }
        guard case .members(let members) = value else {
            mistakes.append(.init(file: file, line: 1, problem: "expected an object"))
            return
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for member in members {
            for language in WrittenLanguage.allCases {
                if case .string(let word)? = member.value[language.rawValue] {
                    words[member.name, default: [:]][language] = word
                } else {
                    let line = lines.firstIndex { $0.contains("\"\(member.name)\"") }.map { $0 + 1 } ?? 1
                    let problem = "\(member.name) has no word in \(language.rawValue)"
                    mistakes.append(.init(file: file, line: line, problem: problem))
                }
            }
        }
    }

    /// The word of the language; one that is not in the table is shown as it is, with spaces for its underscores.
    func text(for word: String, in language: WrittenLanguage) -> String {
        words[word]?[language] ?? String(word.map { $0 == "_" ? " " : $0 })
    }
}
