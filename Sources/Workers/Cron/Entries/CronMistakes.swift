import FlotillaYAMLFiles

/// Everything that is wrong with the section `cron` of a `queues.yaml`, by line.
package struct CronMistakes: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's name, as it is shown.
    let file: String
    /// Never empty.
    let mistakes: [FileMistake]

    /// One line for each: `queues.yaml:12: …`.
    package var description: String {
        mistakes.map { "\(file):\($0.line): \($0.message)" }.joined(separator: "\n")
    }
}
