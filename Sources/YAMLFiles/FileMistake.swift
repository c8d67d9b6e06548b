/// One thing that is wrong with a file, and where.
package struct FileMistake: Error, Sendable, Hashable {
    /// Counted from 1.
    package let line: Int
    package let message: String

    package init(line: Int, message: String) {
        self.line = line
        self.message = message
    }
}
