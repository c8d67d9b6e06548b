/// A piece of a template as it is written in one file.
enum SyntaxNode: Sendable {
    case text([UInt8])
    case variable(VariableTag)
    case section(SectionTag, [SyntaxNode])
    case partial(PartialTag)
}
