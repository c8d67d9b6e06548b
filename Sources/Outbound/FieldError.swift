/// A field that can't be sent. Trying again does not help.
package struct FieldError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The field's path: `to`, `subject`, `attachments.0.fileName`.
    package let field: String
    /// What is wrong with it, as the end of a sentence that begins with its name.
    package let problem: String

    package init(_ field: String, _ problem: String) {
        self.field = field
        self.problem = problem
    }

    package var description: String { "\(field) \(problem)" }
}
