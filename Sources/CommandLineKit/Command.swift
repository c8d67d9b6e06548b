/// A noun or a verb of the command line.
///
/// To add a noun, write one file in the folder Commands of its domain, and list its command in the domain's module:
/// ```swift
/// enum ShipCommands {
///     private static let name = Argument<String>("NAME", "The ship's name")
///     private static let speed = Option<Int>("speed", "KNOTS", "How fast").defaulting(to: 8)
///
///     static let all = Command("ship", "Sends ships and lists them", verbs: [
///         Command(
///             "send", "Sends a ship", takes: [name, speed, OutputFormat.option],
///             examples: ["flotilla ship send aurora --speed 12"]
///         ) { invocation in
///             let ship = try await harbour.send(invocation[name], at: invocation[speed])
///             try invocation.show(ship, as: Table(["ship", "speed"], [[ship.name, "\(ship.speed)"]]))
///             return .done
///         }
///     ])
/// }
/// ```
/// Declarations are the keys to their values, so an option has one spelling and one type. What cannot be parsed never
/// reaches the body: the framework prints one line with what to do and exits with status 2. For a failure, throw
/// ``CommandError``: it is printed as one line, and the status is 1 unless the error says otherwise.
package struct Command: Sendable {
    package typealias Body = @Sendable (Invocation) async throws -> ExitStatus

    package let name: String
    /// One sentence, without its full stop.
    package let summary: String
    package let details: String?
    package let parameters: [any Parameter]
    package let examples: [String]
    package let verbs: [Command]
    let body: Body?

    /// A command that does something.
    package init(
        _ name: String,
        _ summary: String,
        takes parameters: [any Parameter] = [],
        details: String? = nil,
        examples: [String],
        body: @escaping Body
    ) {
        (self.name, self.summary, self.details) = (name, summary, details)
        (self.parameters, self.examples) = (parameters, examples)
        (self.verbs, self.body) = ([], body)
    }

    /// A noun with its verbs.
    package init(_ name: String, _ summary: String, details: String? = nil, verbs: [Command]) {
        (self.name, self.summary, self.details) = (name, summary, details)
        (parameters, examples) = ([], [])
        (self.verbs, body) = (verbs, nil)
    }

    /// The same noun with further verbs.
    package func adding(_ verbs: [Command]) -> Command {
        Command(name, summary, details: details, verbs: self.verbs + verbs)
    }

    var options: [any Parameter] { parameters.filter { !$0.isArgument } }
    var arguments: [any Parameter] { parameters.filter(\.isArgument) }
}

extension Parameter {
    var isArgument: Bool {
        if case .argument = shape { true } else { false }
    }
}
