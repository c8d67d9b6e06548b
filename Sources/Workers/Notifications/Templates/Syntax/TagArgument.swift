/// A value that a tag hands to a filter or to a partial.
enum TagArgument: Sendable, Hashable {
    case literal(String)
    case path(VariablePath)
}
