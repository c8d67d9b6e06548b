import FlotillaYAMLFiles

/// Everything that is wrong with a plan file, by line.
package struct PlanMistakes: Error, Sendable, Hashable, CustomStringConvertible {
    private let file: String
    private let mistakes: [FileMistake]

    init(file: String, mistakes: [FileMistake]) {
        self.file = file
        self.mistakes = mistakes
    }

    /// One line for each: `plans.yaml:12: …`.
    package var description: String {
        mistakes.map { "\(file):\($0.line): \($0.message)" }.joined(separator: "\n")
    }
}
