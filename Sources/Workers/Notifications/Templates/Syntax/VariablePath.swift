/// The names between the dots of `recipient.name`; none for `.`, the current element.
struct VariablePath: Sendable, Hashable, CustomStringConvertible {
    let names: [String]

    var description: String { names.isEmpty ? "." : names.joined(separator: ".") }
}
