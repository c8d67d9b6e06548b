/// Every mistake in a folder of templates.
package struct TemplateMistakes: Error, Sendable, Hashable, CustomStringConvertible {
    package struct Mistake: Error, Sendable, Hashable, CustomStringConvertible {
        /// The path below the templates' folder: `user_welcome/fr.html`.
        package let file: String
        /// Counted from 1.
        package let line: Int
        package let problem: String

        package var description: String { "\(file):\(line): \(problem)" }
    }

    /// The folder, as it was named.
    package let folder: String
    /// Never empty; by file, then by line.
    package let mistakes: [Mistake]

    init(folder: String, mistakes: [Mistake]) {
        self.folder = folder
        self.mistakes = Array(Set(mistakes)).sorted { ($0.file, $0.line, $0.problem) < ($1.file, $1.line, $1.problem) }
    }

    /// One line for each: `ops/templates/user_welcome/fr.html:12: …`; `ops/templates: …` of the folder itself.
    package var description: String {
        mistakes.map { $0.file == "." ? "\(folder): \($0.problem)" : "\(folder)/\($0)" }.joined(separator: "\n")
    }
}
