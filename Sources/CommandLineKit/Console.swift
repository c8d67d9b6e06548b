import FlotillaPlatform
import Synchronization

/// Where a command's results (standard output) and messages (standard error) go.
package final class Console: Sendable {
    /// Columns, or nil where lines may be as long as they like.
    package let width: Int?
    /// Whether results may be coloured.
    package let hasColours: Bool
    /// Whether messages go to a person's terminal.
    package let isInteractive: Bool
    private let write: @Sendable (_ text: String, _ isMessage: Bool) -> Void

    /// The process's own streams. Colours are for terminals, and never with `NO_COLOR` set or a `TERM` of `dumb`.
    package static func standard(environment: [String: String]) -> Console {
        let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false || environment["TERM"] == "dumb"
        return Console(
            width: Terminal.columns(of: 1),
            hasColours: Terminal.isTerminal(1) && !isPlain,
            isInteractive: Terminal.isTerminal(2)
        ) { text, isMessage in Terminal.write(text, to: isMessage ? 2 : 1) }
    }

    package init(
        width: Int? = nil,
        hasColours: Bool = false,
        isInteractive: Bool = false,
        write: @escaping @Sendable (_ text: String, _ isMessage: Bool) -> Void
    ) {
        (self.width, self.hasColours, self.isInteractive, self.write) = (width, hasColours, isInteractive, write)
    }

    /// A line, or several, of the result.
    package func print(_ text: String) { write(text + "\n", false) }

    /// A result as JSON, in which what could steer a terminal is escaped.
    package func print(json: String) { print(json.escapingTextControlsOfJSON) }

    /// A line for the person who waits or has to act. It may quote what others have written.
    package func note(_ text: String) { write(text.showingTextControls(but: ["\n", "\t"]) + "\n", true) }
}
