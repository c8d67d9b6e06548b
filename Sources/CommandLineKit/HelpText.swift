/// The pages that `--help` prints.
struct HelpText {
    let application: Application
    /// Columns to stay within; `nil` for lines of any length.
    let width: Int?

    func overview(colours: Bool) -> String {
        var text = paragraph("\(application.name): \(application.summary)") + "\n"
        text += section("Usage", ["\(application.name) COMMAND [--help]"], colours)
        text += section("Commands", application.commands.map { ($0.name, $0.summary) }, colours)
        text += section("Examples", application.examples, colours)
        text += "\nExit status: 0 done, 1 failed, 2 wrong use, 3 partly done"
        return text
    }

    func page(for command: Command, path: [String], colours: Bool) -> String {
        let name = path.joined(separator: " ")
        var text = paragraph(command.summary + ".") + "\n"
        guard command.verbs.isEmpty else {
            text += section("Usage", ["\(name) " + command.verbs.map(\.name).joined(separator: "|")], colours)
            text += section("Commands", command.verbs.map { ($0.name, $0.summary) }, colours)
            if let details = command.details { text += "\n\(paragraph(details))\n" }
            text += section("Examples", command.verbs.flatMap(\.examples), colours)
            return text.trimmed
        }
        text += section(
            "Usage",
            [([name] + command.options.map(\.usage) + command.arguments.map(\.usage)).joined(separator: " ")],
            colours
        )
        if !command.arguments.isEmpty {
            text += section("Arguments", command.arguments.map { ($0.name, $0.help) }, colours)
        }
        if !command.options.isEmpty {
            text += section("Options", command.options.map { ($0.title, $0.help) }, colours)
        }
        if let details = command.details { text += "\n\(paragraph(details))\n" }
        text += section("Examples", command.examples, colours)
        return text.trimmed
    }

    private func section(_ title: String, _ lines: [String], _ colours: Bool) -> String {
        let rows = lines.map { filled($0, indent: 2, hanging: 6) + "\n" }
        return "\n\(Style.bold.apply(title, colours))\n" + rows.joined()
    }

    private func section(_ title: String, _ pairs: [(String, String)], _ colours: Bool) -> String {
        let column = (pairs.map { $0.0.count }.max() ?? 0) + 3
        let rows = pairs.map { name, help in
            let start = name + String(repeating: " ", count: column - name.count)
            return filled(start + help, indent: 2, hanging: column + 2) + "\n"
        }
        return "\n\(Style.bold.apply(title, colours))\n" + rows.joined()
    }

    private func paragraph(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { filled(String($0), indent: 0, hanging: 0) }.joined(separator: "\n")
    }

    /// Breaks a line between words where it is too wide; what follows is indented by `hanging`. A word that is wider than
    /// what is left of the line stays whole.
    private func filled(_ line: String, indent: Int, hanging: Int) -> String {
        let start = String(repeating: " ", count: indent) + line
        guard let width, start.count > width, hanging + 20 < width else { return start }
        var lines: [String] = []
        var rest = Substring(start)
        while rest.count > width {
            let limit = rest.index(rest.startIndex, offsetBy: width)
            let least = rest.index(rest.startIndex, offsetBy: lines.isEmpty ? hanging : hanging + 1)
            let end =
                rest[least...limit].lastIndex(of: " ") ?? rest[limit...].firstIndex(of: " ") ?? rest.endIndex
            guard end < rest.endIndex else { break }
            lines.append(String(rest[..<end]))
            rest = String(repeating: " ", count: hanging) + rest[rest.index(after: end)...]
        }
        lines.append(String(rest))
        return lines.joined(separator: "\n")
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
