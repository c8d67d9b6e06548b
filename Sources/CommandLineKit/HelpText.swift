/// The pages that `--help` prints.
struct HelpText {
    let application: Application

    func overview(colours: Bool) -> String {
        var text = "\(application.name): \(application.summary)\n"
        text += section("Usage", ["\(application.name) COMMAND [--help]"], colours)
        text += section("Commands", aligned(application.commands.map { ($0.name, $0.summary) }), colours)
        text += section("Examples", application.examples, colours)
        text += "\nExit status: 0 done, 1 failed, 2 wrong use, 3 partly done"
        return text
    }

    func page(for command: Command, path: [String], colours: Bool) -> String {
        let name = path.joined(separator: " ")
        var text = command.summary + ".\n"
        guard command.verbs.isEmpty else {
            text += section("Usage", ["\(name) " + command.verbs.map(\.name).joined(separator: "|")], colours)
            text += section("Commands", aligned(command.verbs.map { ($0.name, $0.summary) }), colours)
            if let details = command.details { text += "\n\(details)\n" }
            text += section("Examples", command.verbs.flatMap(\.examples), colours)
            return text.trimmed
        }
        text += section(
            "Usage",
            [([name] + command.options.map(\.usage) + command.arguments.map(\.usage)).joined(separator: " ")],
            colours
        )
        if !command.arguments.isEmpty {
            text += section("Arguments", aligned(command.arguments.map { ($0.name, $0.help) }), colours)
        }
        if !command.options.isEmpty {
            text += section("Options", aligned(command.options.map { ($0.title, $0.help) }), colours)
        }
        if let details = command.details { text += "\n\(details)\n" }
        text += section("Examples", command.examples, colours)
        return text.trimmed
    }

    private func section(_ title: String, _ lines: [String], _ colours: Bool) -> String {
        "\n\(Style.bold.apply(title, colours))\n" + lines.map { "  \($0)\n" }.joined()
    }

    private func aligned(_ pairs: [(String, String)]) -> [String] {
        let width = pairs.map { $0.0.count }.max() ?? 0
        return pairs.map { $0.0 + String(repeating: " ", count: width - $0.0.count + 3) + $0.1 }
    }
}

extension Parameter {
    fileprivate var usage: String {
        switch shape {
        case .flag: "[--\(name)]"
        case .option(let placeholder, let isRepeatable): "[--\(name) \(placeholder)]" + (isRepeatable ? "…" : "")
        case .argument(isRequired: true, _): name
        case .argument(isRequired: false, let isRepeatable): "[\(name)\(isRepeatable ? "…" : "")]"
        }
    }

    fileprivate var title: String {
        if case .option(let placeholder, _) = shape { "--\(name) \(placeholder)" } else { "--\(name)" }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self
        while text.last == "\n" { text.removeLast() }
        return text
    }
}
