/// The words after a command's name, sorted into its parameters and parsed.
struct ParsedWords {
    /// By parameter name; every parameter of the command has a value.
    let values: [String: any Sendable]

    init(_ words: ArraySlice<String>, of command: Command) throws(UsageError) {
        var given: [String: [String]] = [:]
        var places: [String] = []
        var rest = words
        var isOptionsOver = false
        while let word = rest.popFirst() {
            if isOptionsOver || word == "-" || !word.hasPrefix("-") {
                places.append(word)
            } else if word == "--" {
                isOptionsOver = true
            } else {
                try Self.take(word, from: &rest, of: command, into: &given)
            }
        }
        try Self.assign(places, to: command.arguments, in: &given)
        var values: [String: any Sendable] = [:]
        for parameter in command.parameters {
            values[parameter.name] = try parameter.parse(given[parameter.name] ?? [])
        }
        self.values = values
    }

    private static func take(
        _ word: String,
        from rest: inout ArraySlice<String>,
        of command: Command,
        into given: inout [String: [String]]
    ) throws(UsageError) {
        let parts = word.drop { $0 == "-" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? ""
        guard word.hasPrefix("--"), let option = command.options.first(where: { $0.name == name }) else {
            throw UsageError("unknown option \(word)" + Suggestion.text(for: name, among: command.options.map(\.name)))
        }
        let inline = parts.count > 1 ? String(parts[1]) : nil
        switch option.shape {
        case .flag:
            guard inline == nil else { throw UsageError("--\(name) takes no value") }
            given[name, default: []].append("")
        case .option(let placeholder, let isRepeatable):
            guard let value = inline ?? rest.popFirst() else {
                throw UsageError("--\(name) needs a value: --\(name) \(placeholder)")
            }
            guard isRepeatable || given[name] == nil else { throw UsageError("--\(name) is given twice") }
            given[name, default: []].append(value)
        case .argument: break
        }
    }

    private static func assign(
        _ places: [String],
        to arguments: [any Parameter],
        in given: inout [String: [String]]
    ) throws(UsageError) {
        var rest = places[...]
        for argument in arguments {
            if argument.shape == .argument(isRequired: false, isRepeatable: true) {
                given[argument.name] = Array(rest)
                rest = []
            } else if let word = rest.popFirst() {
                given[argument.name] = [word]
            }
        }
        if let extra = rest.first { throw UsageError("“\(extra)” is one word too many") }
    }
}
