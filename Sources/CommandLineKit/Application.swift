/// The whole program: its nouns, and how words find their command.
package struct Application: Sendable {
    package let name: String
    package let summary: String
    package let version: String
    package let commands: [Command]
    let examples: [String]
    /// What every command is given beside its words, as ``Invocation/context``.
    let context: any Sendable

    package init(
        _ name: String,
        _ summary: String,
        version: String,
        commands: [Command],
        examples: [String],
        context: any Sendable = ()
    ) {
        (self.name, self.summary, self.version, self.commands) = (name, summary, version, commands)
        self.examples = examples
        self.context = context
    }

    /// Runs the command that the words name. Nothing is thrown: every failure is one line on the console, or with
    /// `--output json` an object `{"error": {"message", "remedy", "status"}}`.
    package func run(_ words: [String], console: Console) async -> ExitStatus {
        var path = [name]
        func fail(_ message: String, remedy: String? = nil, _ status: ExitStatus) -> ExitStatus {
            if Self.wantsJSON(words) {
                let failure = Failure(error: .init(message: message, remedy: remedy, status: Int(status.rawValue)))
                console.note((try? JSONText.encode(failure)) ?? message)
            } else {
                console.note("\(name): \(message)" + (remedy.map { "; \($0)" } ?? ""))
            }
            return status
        }
        do {
            let (command, rest) = try resolve(words, path: &path, console: console)
            guard let command else { return .done }
            if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
                console.print(
                    HelpText(application: self, width: console.width).page(
                        for: command,
                        path: path,
                        colours: console.hasColours
                    )
                )
                return .done
            }
            guard let body = command.body else { throw UsageError(missingVerb(of: command)) }
            let values = try ParsedWords(rest, of: command).values
            return try await body(Invocation(console: console, context: context, values: values))
        } catch let error as UsageError {
            return fail(error.message, remedy: "see \(path.joined(separator: " ")) --help", .wrongUse)
        } catch let error as CommandError {
            return fail(error.message, remedy: error.remedy, error.status)
        } catch {
            return fail("\(error)", .failed)
        }
    }

    /// What goes to standard error where results are JSON.
    private struct Failure: Encodable {
        struct Content: Encodable {
            let message: String
            let remedy: String?
            let status: Int
        }

        let error: Content
    }

    /// By the words alone: the mistake may be in one of them.
    private static func wantsJSON(_ words: [String]) -> Bool {
        let options = words.prefix { $0 != "--" }
        return options.contains("--output=json")
            || zip(options, options.dropFirst()).contains { $0 == ("--output", "json") }
    }

    /// The command and the words after its name; nil when the answer (help, version) has been printed already.
    private func resolve(
        _ words: [String],
        path: inout [String],
        console: Console
    ) throws(UsageError) -> (Command?, ArraySlice<String>) {
        var rest = words[...]
        if rest.first == "help" { rest = rest.dropFirst() + ["--help"] }
        switch rest.first {
        case "--version":
            console.print("\(name) \(version)")
            return (nil, [])
        case nil, "--help", "-h":
            console.print(HelpText(application: self, width: console.width).overview(colours: console.hasColours))
            return (nil, [])
        default: break
        }
        var candidates = commands
        var found: Command?
        while let word = rest.first, !candidates.isEmpty, !word.hasPrefix("-") {
            guard let next = candidates.first(where: { $0.name == word }) else {
                throw UsageError("there is no “\(word)”" + Suggestion.text(for: word, among: candidates.map(\.name)))
            }
            path.append(word)
            (found, candidates, rest) = (next, next.verbs, rest.dropFirst())
        }
        guard let found else { throw UsageError("unknown option \(rest.first ?? "")") }
        return (found, rest)
    }

    private func missingVerb(of command: Command) -> String {
        "say what to do: \(command.name) " + command.verbs.map(\.name).joined(separator: "|")
    }
}
