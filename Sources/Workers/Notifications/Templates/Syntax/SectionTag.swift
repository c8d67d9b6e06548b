/// `{{#path}}` or, inverted, `{{^path}}`.
struct SectionTag: Sendable {
    let path: VariablePath
    let isInverted: Bool
    let line: Int

    var text: String { "{{\(isInverted ? "^" : "#")\(path)}}" }
}
