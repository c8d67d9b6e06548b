/// The command line was wrong; the message says what to write.
package struct UsageError: Error, Sendable, Hashable {
    package let message: String

    package init(_ message: String) { self.message = message }
}
