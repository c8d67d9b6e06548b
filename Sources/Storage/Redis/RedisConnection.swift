import FlotillaPlatform
import CFlotillaHiredis
import Glibc

/// One connection to Redis, confined to its own thread; it connects when it is asked to, after its backoff.
package actor RedisConnection {
    private let configuration: RedisConfiguration
    private let executor: ThreadExecutor
    private var handle: RedisHandle?
    private var backoff = ReconnectBackoff()
    private var retryAt: ContinuousClock.Instant?
    /// Round trips in a row that a server let pass which takes connections and is silent.
    private var timeouts = 0
    private var problem = RedisError.unavailable("connect", "there is no connection yet")
    private var isClosed = false

    nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(_ configuration: RedisConfiguration, name: String) {
        self.configuration = configuration
        executor = ThreadExecutor(name: name)
    }

    // Not when it is closed: a call that comes late has to find the thread, to be refused.
    deinit { executor.stop() }

    /// Sends the commands together and waits for all answers.
    func execute(_ commands: [[RedisArgument]]) throws(RedisError) -> [RedisReply] {
        if handle == nil || !isAlive() { try connect() }
        let replies = try exchange(commands, until: .now + configuration.commandTimeout)
        backoff.reset()
        timeouts = 0
        return replies
    }

    func close() {
        isClosed = true
        handle = nil
    }

    /// Connects and says who we are; while the wait after a failure lasts, fails at once with that failure.
    private func connect() throws(RedisError) {
        handle = nil
        guard !isClosed else { throw .unavailable("connect", "the connection is closed") }
        if let retryAt, retryAt > .now { throw problem }
        do throws(RedisError) {
            try open(until: .now + configuration.connectTimeout)
            retryAt = nil
        } catch {
            handle = nil
            problem = error
            retryAt = .now + backoff.next(chance: .random(in: 0...1))
            throw error
        }
    }

    private func open(until deadline: ContinuousClock.Instant) throws(RedisError) {
        handle = try RedisHandle.start(configuration.endpoint)
        let ready = Descriptors.wait(for: Int16(POLLOUT), on: handle?.socket ?? -1, or: nil, until: deadline)
        if ready.hasTimedOut { throw .unavailable("connect", "no answer from the server") }
        if let status = handle?.connectStatus(), status != 0 {
            throw .unavailable("connect", unsafe String(cString: strerror(status)))
        }
        var greeting: [[RedisArgument]] = []
        if let password = configuration.password {
            greeting.append(["AUTH"] + (configuration.user.map { [.text($0)] } ?? []) + [.text(password)])
        }
        if configuration.database != 0 { greeting.append(["SELECT", .int(Int64(configuration.database))]) }
        for reply in try exchange(greeting, until: deadline) {
            if case .error(let text) = reply { throw .unavailable("connect", text) }
        }
    }

    private func exchange(
        _ commands: [[RedisArgument]],
        until deadline: ContinuousClock.Instant
    ) throws(RedisError) -> [RedisReply] {
        for command in commands where handle?.append(command) != true { throw lost("out of memory") }
        var replies: [RedisReply] = []
        replies.reserveCapacity(commands.count)
        while replies.count < commands.count {
            guard let mustSend = handle?.flush() else { throw lost(handle?.problem ?? "no connection") }
            switch handle?.next() ?? .broken {
            case .reply(let reply): replies.append(reply)
            case .broken: throw lost(handle?.problem ?? "no connection")
            case .none:
                let events = Int16(POLLIN) | (mustSend ? Int16(POLLOUT) : 0)
                let ready = Descriptors.wait(for: events, on: handle?.socket ?? -1, or: nil, until: deadline)
                if ready.hasTimedOut { throw silent() }
                guard handle?.consume() == true else { throw lost(handle?.problem ?? "no connection") }
            }
        }
        return replies
    }

    /// The first time it may have been the command; from the second on, calls are spared the wait for a while.
    private func silent() -> RedisError {
        let error = lost("no answer from the server")
        timeouts += 1
        if timeouts > 1 {
            problem = error
            retryAt = .now + max(configuration.commandTimeout * 4, backoff.next(chance: .random(in: 0...1)))
        }
        return error
    }

    private func lost(_ detail: String) -> RedisError {
        handle = nil
        return .unavailable("command", detail)
    }

    /// Nobody writes to an idle connection: something to read is its end.
    private func isAlive() -> Bool {
        guard let socket = handle?.socket else { return false }
        return !Descriptors.isReadable(socket)
    }
}

extension RedisError {
    static func unavailable(_ operation: String, _ detail: String) -> RedisError {
        RedisError(code: .unavailable, operation: operation, detail: detail)
    }
}
