/// The rows of one statement, as the server sent them; values are decoded when they are asked for.
public struct SQLResult: Sendable, RandomAccessCollection {
    let handle: ResultHandle?
    /// How many rows an INSERT, UPDATE, DELETE or SELECT touched.
    public let affected: Int
    public let startIndex = 0
    public let endIndex: Int

    init(_ handle: ResultHandle) {
        self.handle = handle
        affected = handle.affected
        endIndex = handle.rowCount
    }

    /// No rows, for a store that is not Postgres.
    package init(affected: Int) {
        handle = nil
        self.affected = affected
        endIndex = 0
    }

    public subscript(position: Int) -> SQLRow {
        guard let handle, position >= 0, position < endIndex else { preconditionFailure("no row \(position)") }
        return SQLRow(handle: handle, row: position)
    }
}
