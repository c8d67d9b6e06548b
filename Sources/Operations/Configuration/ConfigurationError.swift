import FoundationEssentials

/// Everything that is wrong with the configuration.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let problems: [String]

    package var description: String { problems.joined(separator: "\n") }
}
