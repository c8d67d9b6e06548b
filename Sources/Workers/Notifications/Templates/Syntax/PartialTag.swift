/// `{{>name key=value}}`.
struct PartialTag: Sendable {
    let name: String
    let arguments: [String: TagArgument]
    let line: Int
}
