/// One thing that is wrong with a file, and where.
public struct FileMistake: Error, Sendable, Hashable {
    /// Counted from 1.
    public let line: Int
    public let message: String

    package init(line: Int, message: String) {
        self.line = line
        self.message = message
    }
}
