import CFlotillaPostgres

/// The only owner of a `PGresult`.
///
/// Unchecked, because libpq allows several threads to read one result at a time and nothing here writes to it.
@safe final class ResultHandle: @unchecked Sendable {
    private let result: OpaquePointer

    init(adopting result: OpaquePointer) { unsafe self.result = result }

    deinit { unsafe PQclear(result) }

    var status: ExecStatusType { unsafe PQresultStatus(result) }
    var rowCount: Int { unsafe Int(PQntuples(result)) }
    var affected: Int { unsafe Int(String(cString: PQcmdTuples(result))) ?? 0 }
    /// What the server did: `COMMIT`, `INSERT 0 3`.
    var command: String { unsafe String(cString: PQcmdStatus(result)) }

    /// Lends the bytes of a value with its type; `nil` for NULL.
    func decode<Value>(_ row: Int, _ column: Int, _ body: (Oid, UnsafeRawBufferPointer) -> Value?) -> Value? {
        let (row, column) = (CInt(row), CInt(column))
        precondition(unsafe column >= 0 && column < PQnfields(result), "no column \(column)")
        guard unsafe PQgetisnull(result, row, column) == 0 else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column),
            count: Int(PQgetlength(result, row, column))
        )
        return unsafe body(PQftype(result, column), bytes)
    }

    /// The server's error, or libpq's when the server sent none.
    func error(_ operation: String) -> PostgresError {
        let message = unsafe field("M") ?? String(cString: PQresultErrorMessage(result)).trimmed
        guard let state = field("C") else { return .unavailable(operation, message) }
        let detail = field("D").map { "\(message): \($0)" } ?? message
        return PostgresError(
            code: .sqlState(state),
            operation: operation,
            detail: detail,
            constraint: field("n")
        )
    }

    /// - Parameter name: the letter of a `PG_DIAG_` constant; a character literal in C, which Swift doesn't import.
    private func field(_ name: Unicode.Scalar) -> String? {
        unsafe PQresultErrorField(result, CInt(name.value)).map { unsafe String(cString: $0) }
    }
}
