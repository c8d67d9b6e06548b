import CFlotillaPostgres
import Glibc

/// The only owner of a `PGconn`, in non-blocking mode.
///
/// Non-copyable, so it is finished exactly once; not `Sendable`, so that only the actor that opened it reaches it.
@safe struct ConnectionHandle: ~Copyable {
    enum Progress { case wantsRead, wantsWrite, done, failed }

    enum Arrival {
        case result(ResultHandle)
        /// The results of one command are complete.
        case end
        /// More bytes have to arrive first.
        case busy
    }

    private let connection: OpaquePointer
    /// Whether a pooler stands between us and the server.
    var isPooled = false

    private init(adopting connection: OpaquePointer) { unsafe self.connection = connection }

    deinit { unsafe PQfinish(connection) }

    /// Begins to connect. Keywords in the URL win over the ones given here.
    static func start(_ configuration: borrowing PostgresConfiguration) throws(PostgresError) -> ConnectionHandle {
        var settings: [(String, String)] = [
            ("keepalives", "1"), ("keepalives_idle", "10"), ("keepalives_interval", "3"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "15000"), ("fallback_application_name", configuration.applicationName),
            ("dbname", configuration.conninfo), ("client_encoding", "UTF8"),
        ]
        // Of several hosts one that takes writes is wanted; with one there is no choice, and reading may still go on.
        if configuration.hosts.count > 1 { settings.insert(("target_session_attrs", "read-write"), at: 0) }
        let keywords = unsafe settings.map { unsafe strdup($0.0) }
        let values = unsafe settings.map { unsafe strdup($0.1) }
        defer {
            for index in 0..<settings.count {
                unsafe free(keywords[index])
                unsafe free(values[index])
            }
        }
        let connection = unsafe PQconnectStartParams(
            keywords.map { unsafe UnsafePointer($0) } + [nil],
            values.map { unsafe UnsafePointer($0) } + [nil],
            1
        )
        guard let connection = unsafe connection else { throw .unavailable("connect", "out of memory") }
        let handle = unsafe ConnectionHandle(adopting: connection)
        _ = unsafe PQsetNoticeProcessor(connection, { _, _ in }, nil)
        guard handle.isConnected else { throw .unavailable("connect", handle.problem) }
        return handle
    }

    /// Goes on connecting, once the socket is ready for what the last step wanted.
    borrowing func advance() -> Progress {
        switch unsafe PQconnectPoll(connection) {
        case PGRES_POLLING_READING: .wantsRead
        case PGRES_POLLING_WRITING: .wantsWrite
        case PGRES_POLLING_OK: .done
        default: .failed
        }
    }

    /// The process that the server announced when it took the connection; 0 for none. A pooler announces one of its own.
    var announcedProcess: Int64 { unsafe Int64(PQbackendPID(connection)) }

    var socket: CInt { unsafe PQsocket(connection) }
    /// The process of the server that serves this session.
    var backend: CInt { unsafe PQbackendPID(connection) }
    var isConnected: Bool { unsafe PQstatus(connection) != CONNECTION_BAD }
    var problem: String { unsafe String(cString: PQerrorMessage(connection)).trimmed }
    /// Whether a transaction is open, sound or failed.
    var isInTransaction: Bool {
        let status = unsafe PQtransactionStatus(connection)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    borrowing func setNonBlocking() -> Bool { unsafe PQsetnonblocking(connection, 1) == 0 }
    borrowing func enterPipeline() -> Bool { unsafe PQenterPipelineMode(connection) == 1 }
    borrowing func exitPipeline() -> Bool { unsafe PQexitPipelineMode(connection) == 1 }

    /// Sends statements as they are, with neither parameters nor preparation; outside of pipeline mode only.
    borrowing func sendScript(_ sql: String) -> Bool { unsafe PQsendQuery(connection, sql) == 1 }

    borrowing func sendPrepare(_ name: String, _ sql: String, _ types: [Oid]) -> Bool {
        unsafe PQsendPrepare(connection, name, sql, CInt(types.count), types) == 1
    }

    /// Executes a prepared statement; its rows come in binary.
    borrowing func sendExecute(_ name: String, _ parameters: inout ParameterBuffer) -> Bool {
        unsafe parameters.withParameters { count, values, lengths, formats in
            unsafe PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1) == 1
        }
    }

    /// Executes a statement without a name, of which nothing stays on the server; its rows come in binary.
    borrowing func sendUnnamed(_ sql: String, _ parameters: inout ParameterBuffer) -> Bool {
        let types = parameters.types
        return unsafe parameters.withParameters { count, values, lengths, formats in
            unsafe PQsendQueryParams(connection, sql, count, types, values, lengths, formats, 1) == 1
        }
    }

    /// Executes a statement that isn't worth preparing.
    borrowing func sendOnce(_ sql: String) -> Bool {
        unsafe PQsendQueryParams(connection, sql, 0, nil, nil, nil, nil, 1) == 1
    }

    /// Ends the round trip: an error skips all that precedes the sync, and no more.
    borrowing func sendSync() -> Bool { unsafe PQpipelineSync(connection) == 1 }

    /// Whether bytes are left to send; `nil` when the connection is lost.
    borrowing func flush() -> Bool? {
        switch unsafe PQflush(connection) {
        case 0: false
        case 1: true
        default: nil
        }
    }

    /// Takes what has arrived on the socket; `false` when the connection is lost.
    borrowing func consume() -> Bool { unsafe PQconsumeInput(connection) == 1 }

    borrowing func next() -> Arrival {
        guard unsafe PQisBusy(connection) == 0 else { return .busy }
        guard let result = unsafe PQgetResult(connection) else { return .end }
        return .result(unsafe ResultHandle(adopting: result))
    }

    /// Drops the notifications that have arrived; tells whether there were any.
    borrowing func takeNotifications() -> Bool {
        var found = false
        while let notification = unsafe PQnotifies(connection) {
            unsafe PQfreemem(notification)
            found = true
        }
        return found
    }

    /// Asks the server, over another connection, to give up the running statement.
    ///
    /// It blocks until the server has answered: only for one that has just shown that it answers.
    borrowing func cancel() {
        guard let request = unsafe PQgetCancel(connection) else { return }
        defer { unsafe PQfreeCancel(request) }
        var message = [CChar](repeating: 0, count: 256)
        _ = unsafe PQcancel(request, &message, CInt(message.count))
    }
}
