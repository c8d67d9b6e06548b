/// A piece of a template that is ready to be rendered: partials are put in, names are bound, escaping is decided.
enum TemplateNode: Sendable {
    case text([UInt8])
    case variable(BoundVariable)
    case section(Reference, isInverted: Bool, [TemplateNode])
}
