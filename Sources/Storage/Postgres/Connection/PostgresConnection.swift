import FlotillaPlatform
import CFlotillaPostgres
import Glibc

/// One session, confined to its own thread, always in pipeline mode between calls.
///
/// Every call leaves it either outside of any transaction, inside the one that the caller has open, or closed.
actor PostgresConnection {
    private let configuration: PostgresConfiguration
    private let executor: ThreadExecutor
    private let wake = WakeSignal()
    private var handle: ConnectionHandle?
    private var parameters = ParameterBuffer()
    private var prepared: PreparedStatements
    private var wait: AnswerWait
    /// What each transaction begins with where a session is ours for a transaction only.
    private let settings: String?

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(_ configuration: PostgresConfiguration, name: String) {
        self.configuration = configuration
        executor = ThreadExecutor(name: name)
        prepared = PreparedStatements(capacity: configuration.preparedStatements)
        wait = AnswerWait(configuration, until: nil)
        settings = configuration.pooler == .transaction ? configuration.settings(onlyOnceIf: "true") : nil
    }

    // Not when it is closed: a call that comes late has to find the thread, to be refused.
    deinit { executor.stop() }

    /// What to hand to ``run(_:_:)``, made before the hop so that a cancellation can't be missed.
    nonisolated func interruption() -> Interruption { Interruption(wake) }

    func connect() throws(PostgresError) {
        handle = try ConnectionHandle.connect(configuration)
    }

    func close() { handle = nil }

    /// Whether the session can be used for another caller.
    var isUsable: Bool { handle?.isConnected == true && handle?.isInTransaction == false }

    /// Executes the round trip; after an error no transaction is open, and the connection may be closed.
    func run(_ trip: RoundTrip, _ interruption: Interruption) throws(RoundTripError) -> [SQLResult] {
        guard handle != nil else { throw .stale }
        if trip.opensLease, !isAlive() { throw .stale }
        guard !interruption.isRequested else { throw .failed(.cancelled(trip.operation)) }
        if let deadline = trip.deadline, .now >= deadline { throw .failed(.deadline(trip.operation, .work)) }
        do {
            return try perform(trip, interruption)
        } catch {
            if error.isOfAnotherSession, handle?.isPooled == true {
                handle = nil
                throw .failed(.sharesSessions(configuration, trip.operation))
            }
            guard error.isStalePlan else { throw .failed(error) }
            prepared.removeAll()
            let reset = RoundTrip(statements: [], opensLease: false)
            guard isUsable, (try? exchange(reset, ["DEALLOCATE ALL"], interruption)) != nil, trip.startsTransaction
            else { throw .failed(error) }
        }
        do { return try perform(trip, interruption) } catch { throw .failed(error) }
    }

    /// Ends an open transaction; `false` when the connection can't be used any more.
    func rollback() -> Bool {
        guard handle?.isInTransaction == true else { return isUsable }
        _ = try? exchange(RoundTrip(statements: []), ["ROLLBACK"], Interruption(wake))
        if !isUsable { handle = nil }
        return handle != nil
    }

    /// Executes several statements in one text, inside the open transaction.
    func script(_ sql: String, _ interruption: Interruption) throws(PostgresError) {
        let operation = "script"
        guard handle?.exitPipeline() == true, handle?.sendScript(sql) == true else {
            throw lost(operation, handle?.problem ?? "no connection")
        }
        wait = AnswerWait(configuration, until: nil)
        var problem: PostgresError?
        var isDone = false
        while !isDone {
            switch try arrival(operation, interruption) {
            case .busy: break
            case .end: isDone = true
            case .result(let result):
                if result.status == PGRES_FATAL_ERROR { problem = problem ?? result.error(operation) }
            }
        }
        guard handle?.enterPipeline() == true else { throw lost(operation, "pipeline mode is refused") }
        guard let problem = problem?.resolved(interruption, wait.cancelled) else { return }
        if problem.endsSession { handle = nil }
        _ = rollback()
        throw problem
    }

    private func perform(_ trip: RoundTrip, _ interruption: Interruption) throws(PostgresError) -> [SQLResult] {
        do {
            let results = try exchange(trip, prepared.evict().map { "DEALLOCATE \($0)" }, interruption)
            if wait.cancelled != nil { absorbCancellation() }
            return results
        } catch {
            let problem = error.resolved(interruption, wait.cancelled)
            if problem.endsSession {
                handle = nil
            } else if handle?.isInTransaction == true {
                _ = rollback()
            } else if interruption.isRequested, handle != nil {
                absorbCancellation()
            }
            throw problem
        }
    }

    /// A cancel request that comes late hits this empty trip, and not the next caller's statement.
    private func absorbCancellation() { _ = try? exchange(RoundTrip(statements: []), [], Interruption(wake)) }

    /// Sends `housekeeping`, which is not answered to the caller, then the trip, and reads until the sync.
    private func exchange(
        _ trip: RoundTrip,
        _ housekeeping: [String],
        _ interruption: Interruption
    ) throws(PostgresError) -> [SQLResult] {
        var commands: [Command] = []
        for sql in housekeeping { try send(handle?.sendOnce(sql), .housekeeping, &commands, trip) }
        if trip.begins { try send(SQLStatement("BEGIN"), .control, &commands, trip) }
        if let settings, trip.startsTransaction { try send(handle?.sendOnce(settings), .control, &commands, trip) }
        for statement in trip.statements { try send(statement, .statement, &commands, trip) }
        if trip.commits { try send(SQLStatement("COMMIT"), .commit, &commands, trip) }
        guard handle?.sendSync() == true else { throw lost(trip.operation, handle?.problem ?? "no connection") }
        wait = AnswerWait(configuration, until: trip.deadline)
        return try collect(commands, trip, interruption)
    }

    private func send(
        _ statement: SQLStatement,
        _ role: Command.Role,
        _ commands: inout [Command],
        _ trip: RoundTrip
    ) throws(PostgresError) {
        do {
            try parameters.encode(statement.values)
        } catch {
            // Some of the trip is in libpq's buffer already, and can't be taken back.
            handle = nil
            throw error
        }
        if settings != nil { return try send(handle?.sendUnnamed(statement.text, &parameters), role, &commands, trip) }
        let key = PreparedStatements.Key(text: ExactText(statement.text), types: parameters.types)
        var name = prepared.name(of: key)
        if name == nil {
            if let pending = commands.last(where: { $0.prepares == key }) { name = pending.name }
        }
        if let name { return try send(handle?.sendExecute(name, &parameters), role, &commands, trip) }
        let new = prepared.newName()
        let isSent = handle?.sendPrepare(new, statement.text, key.types)
        try send(isSent, .preparation, &commands, trip, prepares: key, name: new)
        try send(handle?.sendExecute(new, &parameters), role, &commands, trip)
    }

    private func send(
        _ isSent: Bool?,
        _ role: Command.Role,
        _ commands: inout [Command],
        _ trip: RoundTrip,
        prepares key: PreparedStatements.Key? = nil,
        name: String = ""
    ) throws(PostgresError) {
        guard isSent == true else { throw lost(trip.operation, handle?.problem ?? "no connection") }
        commands.append(Command(role: role, prepares: key, name: name))
    }

    /// Reads the answers to `commands` up to the sync; the first error wins, and the server skips what follows it.
    private func collect(
        _ commands: [Command],
        _ trip: RoundTrip,
        _ interruption: Interruption
    ) throws(PostgresError) -> [SQLResult] {
        var results: [SQLResult] = []
        results.reserveCapacity(trip.statements.count)
        var problem: PostgresError?
        var current = 0
        var isCommitted = false
        while true {
            let arrival: ConnectionHandle.Arrival
            do {
                arrival = try self.arrival(trip.operation, interruption)
            } catch {
                if let problem { throw problem }
                if isCommitted { return results }
                throw error.whileCommitting(trip.endsTransaction)
            }
            guard case .result(let result) = arrival else {
                if case .end = arrival { current += 1 }
                continue
            }
            switch result.status {
            case PGRES_PIPELINE_SYNC:
                if let problem { throw problem }
                return results
            case PGRES_FATAL_ERROR:
                problem = problem ?? result.error(trip.operation).whileCommitting(trip.endsTransaction)
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                guard problem == nil, current < commands.count else { break }
                let command = commands[current]
                switch command.role {
                case .preparation: if let key = command.prepares { prepared.add(key, name: command.name) }
                case .statement: results.append(SQLResult(result))
                case .commit: isCommitted = result.command == "COMMIT"
                case .control, .housekeeping: break
                }
            case PGRES_PIPELINE_ABORTED: break
            default: problem = problem ?? .violation(trip.operation, "COPY is not supported")
            }
        }
    }

    /// The next answer, once there is one; waits on the socket, and passes a cancellation on to the server.
    private func arrival(
        _ operation: String,
        _ interruption: Interruption
    ) throws(PostgresError) -> ConnectionHandle.Arrival {
        var isFirstLook = true
        while true {
            guard let mustSend = handle?.flush() else { return try afterLoss(operation) }
            let next = handle?.next() ?? .end
            guard case .busy = next else { return next }
            if isFirstLook { wait.hear() }
            isFirstLook = false
            let events = Int16(POLLIN) | (mustSend ? Int16(POLLOUT) : 0)
            let ready = Descriptors.wait(for: events, on: handle?.socket ?? -1, or: wake, until: wait.nextStep)
            if ready.isWoken { wake.reset() }
            if ready.hasEvent {
                wait.hear()
                guard handle?.consume() == true else { return try afterLoss(operation) }
            }
            switch wait.step(isInterrupted: interruption.isRequested) {
            case .none: break
            case .giveUp: throw lost(operation, "no answer from the server")
            case .refuse(let reason):
                handle = nil
                throw interruption.isRequested
                    ? .cancelled(operation, whileIn: reason) : .deadline(operation, reason)
            case .inquire: wait.noteInquiry(inquire())
            case .cancel:
                if wait.noteCancellation(inquire()) { handle?.cancel() }
            }
        }
    }

    private func inquire() -> ServerInquiry { ServerInquiry(about: handle?.backend ?? 0, configuration) }

    /// The last words of a server that ended the session, if it said any.
    private func afterLoss(_ operation: String) throws(PostgresError) -> ConnectionHandle.Arrival {
        let problem = handle?.problem ?? "no connection"
        if case .result(let result)? = handle?.next(), result.status == PGRES_FATAL_ERROR {
            let error = result.error(operation)
            handle = nil
            throw error
        }
        throw lost(operation, problem)
    }

    private func lost(_ operation: String, _ detail: String) -> PostgresError {
        handle = nil
        return .unavailable(operation, detail)
    }

    /// An idle session has nothing to say: something to read is its end, or so rare that a new one is as good.
    private func isAlive() -> Bool {
        if handle?.isConnected == true, let socket = handle?.socket, !Descriptors.isReadable(socket) { return true }
        handle = nil
        return false
    }
}

/// One command of a round trip, in the order in which answers come.
private struct Command {
    enum Role { case preparation, statement, control, commit, housekeeping }

    let role: Role
    let prepares: PreparedStatements.Key?
    let name: String
}
