/// One file, or one header line of it, after parsing.
struct ParsedTemplate: Sendable {
    let file: String
    let nodes: [SyntaxNode]
}
