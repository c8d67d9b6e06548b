public import YAMLFiles

/// Everything that is wrong with a `queues.yaml`, by line.
public struct TopologyMistakes: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's name, as it is shown.
    public let file: String
    /// Never empty.
    public let mistakes: [FileMistake]

    init(file: String, mistakes: [FileMistake]) {
        self.file = file
        self.mistakes = mistakes
    }

    /// One line for each: `queues.yaml:12: …`.
    public var description: String {
        mistakes.map { "\(file):\($0.line): \($0.message)" }.joined(separator: "\n")
    }
}
