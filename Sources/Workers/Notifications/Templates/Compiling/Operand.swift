/// What a filter needs from the template beside the value.
enum Operand: Sendable, Hashable {
    case literal(String)
    case reference(Reference)
}
