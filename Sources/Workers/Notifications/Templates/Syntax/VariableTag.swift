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
