/// Where the value of a name is found. Names are bound when a template is compiled, so that the data of an element can't
/// stand in for a variable of the whole template.
struct Reference: Sendable, Hashable {
    /// What the engine itself gives, instead of a frame's number: `notification.subject`.
    static let engine = -1

    /// 0 is the template's values, and each section around adds one.
    let frame: Int
    /// The members to go down from there.
    let path: [String]
    /// The dotted path from the template's values, for errors.
    let name: String
    var place: SourcePlace
}
