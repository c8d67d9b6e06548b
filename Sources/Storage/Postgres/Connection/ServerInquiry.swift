import CFlotillaPostgres
import Glibc

/// What another session tells of one that has been silent for too long.
enum ServerInquiry: Hashable {
    /// The server does not answer there either.
    case silent
    /// The session has nothing to do: what was sent to it, or what it answered, was lost on the way.
    case idle
    case busy(PostgresError.Wait)

    /// Asks; blocks the thread for twice the configuration's `cancelTimeout` at most.
    ///
    /// - Parameter backend: the server's process. One that it does not know is taken to be at work: behind a pooler
    ///   the number is the pooler's own.
    init(about backend: CInt, _ configuration: PostgresConfiguration) {
        var own = configuration
        own.connectTimeout = configuration.cancelTimeout
        own.applicationName += " inquiry"
        let deadline = ContinuousClock.now + configuration.cancelTimeout
        do throws(PostgresError) {
            let handle = try ConnectionHandle.connect(own)
            self = try Self.ask(handle, about: backend, until: .now + configuration.cancelTimeout)
        } catch {
            // A refusal, such as for too many connections, is an answer.
            self = .now >= deadline ? .silent : .busy(.work)
        }
    }

    private static func ask(
        _ handle: borrowing ConnectionHandle,
        about backend: CInt,
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> Self {
        let question = """
            SELECT state, cardinality(pg_blocking_pids(pid)) > 0 FROM pg_stat_activity WHERE pid = \(backend)
            """
        guard handle.sendOnce(question), handle.sendSync() else { throw .unavailable("inquire", handle.problem) }
        var answer = Self.busy(.work)
        while true {
            guard let mustSend = handle.flush() else { throw .unavailable("inquire", handle.problem) }
            switch handle.next() {
            case .result(let result):
                if result.status == PGRES_PIPELINE_SYNC { return answer }
                if result.status == PGRES_FATAL_ERROR { throw result.error("inquire") }
                guard result.status == PGRES_TUPLES_OK, result.rowCount > 0 else { continue }
                let state = unsafe result.decode(0, 0) { unsafe BinaryDecoder.text($0, $1) } ?? ""
                let isBlocked = unsafe result.decode(0, 1) { unsafe BinaryDecoder.int($0, $1) } == 1
                answer = state.hasPrefix("idle") ? .idle : .busy(isBlocked ? .lock : .work)
            case .end: break
            case .busy:
                let events = Int16(POLLIN) | (mustSend ? Int16(POLLOUT) : 0)
                let ready = Descriptors.wait(for: events, on: handle.socket, or: nil, until: deadline)
                if ready.hasTimedOut { throw .unavailable("inquire", "no answer from the server") }
                guard handle.consume() else { throw .unavailable("inquire", handle.problem) }
            }
        }
    }
}
