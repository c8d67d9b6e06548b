/// A piece of a template as it is written in one file.
enum SyntaxNode: Sendable {
    case text([UInt8])
    case variable(VariableTag)
    case section(SectionTag, [SyntaxNode])
    case partial(PartialTag)
}

/// The names between the dots of `recipient.name`; none for `.`, the current element.
struct VariablePath: Sendable, Hashable, CustomStringConvertible {
    let names: [String]

    var description: String { names.isEmpty ? "." : names.joined(separator: ".") }
}

/// A value that a tag hands to a filter or to a partial.
enum TagArgument: Sendable, Hashable {
    case literal(String)
    case path(VariablePath)
}

/// `{{path}}` or `{{path | filter: argument, argument}}`.
struct VariableTag: Sendable {
    struct FilterCall: Sendable {
        let name: String
        let arguments: [TagArgument]
    }

    let path: VariablePath
    let filter: FilterCall?
    let line: Int
}

/// `{{#path}}` or, inverted, `{{^path}}`.
struct SectionTag: Sendable {
    let path: VariablePath
    let isInverted: Bool
    let line: Int

    var text: String { "{{\(isInverted ? "^" : "#")\(path)}}" }
}

/// `{{>name key=value}}`.
struct PartialTag: Sendable {
    let name: String
    let arguments: [String: TagArgument]
    let line: Int
}

/// One file, or one header line of it, after parsing.
struct ParsedTemplate: Sendable {
    let file: String
    let nodes: [SyntaxNode]
}
