package enum ParameterShape: Sendable, Hashable {
    /// `--name`, nothing follows.
    case flag
    /// `--name VALUE`.
    case option(placeholder: String, isRepeatable: Bool)
    /// A word in a place of its own.
    case argument(isRequired: Bool, isRepeatable: Bool)
}
