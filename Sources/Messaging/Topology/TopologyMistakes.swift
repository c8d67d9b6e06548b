import FlotillaYAMLFiles

/// Everything that is wrong with a `queues.yaml`, by line.
public struct TopologyMistakes: Error, Sendable, Hashable, CustomStringConvertible {
    public struct Mistake: Sendable, Hashable {
        /// Counted from 1.
        public let line: Int
        public let message: String
    }

    /// The file's name, as it is shown.
    public let file: String
    /// Never empty.
    public let mistakes: [Mistake]

    init(file: String, mistakes: [FileMistake]) {
        self.file = file
        self.mistakes = mistakes.map { Mistake(line: $0.line, message: $0.message) }
    }

    /// One line for each: `queues.yaml:12: …`.
    public var description: String {
        mistakes.map { "\(file):\($0.line): \($0.message)" }.joined(separator: "\n")
    }
}
