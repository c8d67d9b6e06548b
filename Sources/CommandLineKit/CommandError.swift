/// A failure to show to a person: one line of what happened and what to do.
package struct CommandError: Error, Sendable, CustomStringConvertible {
    package let message: String
    package let remedy: String?
    package let status: ExitStatus

    package init(_ message: String, remedy: String? = nil, status: ExitStatus = .failed) {
        (self.message, self.remedy, self.status) = (message, remedy, status)
    }

    package var description: String { remedy.map { "\(message); \($0)" } ?? message }
}
