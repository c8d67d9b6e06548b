import FlotillaLocalization
import FlotillaModels

/// What `words.json` says: the readers' words for the words that systems use.
struct WordTable: Sendable {
    private var words: [String: [MessageLocale: String]] = [:]

    init() {}

    /// Reads the file, and adds what is wrong with it to `mistakes`.
    init(_ text: String, file: String, mistakes: inout [TemplateMistakes.Mistake]) {
        guard let object = TemplateObject(text, file: file, mistakes: &mistakes) else { return }
        for member in object.members {
            for language in MessageLocale.allCases {
                if case .string(let word)? = member.value[language.rawValue] {
                    words[member.name, default: [:]][language] = word
                } else {
                    mistakes.append(object.mistake(member, " has no word in \(language.rawValue)"))
                }
            }
        }
    }

    /// The word of the language; one that is not in the table is shown as it is, with spaces for its underscores.
    func text(for word: String, in language: MessageLocale) -> String {
        words[word]?[language] ?? String(word.map { $0 == "_" ? " " : $0 })
    }
}
