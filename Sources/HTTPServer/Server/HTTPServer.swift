package import FlotillaHTTPRouting
import FlotillaPlatform
import Glibc
import Synchronization

/// An HTTP/1.1 server on libmicrohttpd: a few threads for the sockets, and a Swift task for each request.
///
/// It listens from ``start(_:handler:)`` until ``stop(within:)``, which has to be called.
package final class HTTPServer: Sendable {
    package typealias Handler = @Sendable (HTTPRequest) async -> HTTPResponse

    let configuration: HTTPServerConfiguration
    let handler: Handler
    private let daemon = Mutex<HTTPDaemon?>(nil)
    private let connections = Mutex<[ObjectIdentifier: HTTPConnection]>([:])
    private let running = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private let isDrainAborted = Atomic<Bool>(false)
    private let sweeper = Mutex<Task<Void, Never>?>(nil)

    private init(_ configuration: HTTPServerConfiguration, handler: @escaping Handler) {
        self.configuration = configuration
        self.handler = handler
    }

    /// Listens, and calls `handler` for each request that has arrived whole.
    package static func start(
        _ configuration: HTTPServerConfiguration,
        handler: @escaping Handler
    ) throws(HTTPServerError) -> HTTPServer {
        let server = HTTPServer(configuration, handler: handler)
        try server.listen()
        return server
    }

    private func listen() throws(HTTPServerError) {
        try daemon.withLock { daemon throws(HTTPServerError) in
            daemon = try HTTPDaemon.start(configuration, for: self)
        }
        let interval = min(.seconds(1), configuration.requestTimeout / 4, configuration.handlerTimeout / 4)
        let task = Task { [weak self] in
            while (try? await Task.sleep(for: interval)) != nil { self?.sweep() }
        }
        sweeper.withLock { $0 = task }
    }

    /// The port it listens on; 0 once it is stopped.
    package var port: UInt16 { daemon.withLock { $0?.port ?? 0 } }

    package var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// The requests that have begun to arrive and are not yet answered.
    package var requestsRunning: Int { running.load(ordering: .relaxed) }

    package var connectionsOpen: Int { connections.withLock { $0.count } }

    /// Stops listening at once, lets running requests finish, and closes every connection.
    ///
    /// Requests that still run at the deadline are cancelled and answered with 503.
    package func stop(within deadline: Duration = .seconds(10)) async {
        guard !stopping.exchange(true, ordering: .relaxed) else { return }
        let socket = daemon.withLock { $0?.stopListening() ?? -1 }
        let end = ContinuousClock.now + deadline
        await untilIdle(or: end, unlessAborted: true)
        // The daemon must not be stopped while a connection is suspended.
        while true {
            let unanswered = connections.withLock { $0.values.filter(\.isHandling) }
            if unanswered.isEmpty { break }
            for connection in unanswered { connection.abandon(with: .stopping) }
            await Task.yield()
        }
        await untilIdle(or: .now + .milliseconds(500))
        sweeper.withLock { $0?.cancel() }
        await closeDaemon()
        if socket >= 0 { _ = Glibc.close(socket) }
    }

    /// Brings the deadline of a stop that is under way forward to now.
    package func abortDrain() { isDrainAborted.store(true, ordering: .relaxed) }

    /// Waits on a thread of its own: the daemon's threads are joined.
    private func closeDaemon() async {
        let executor = ThreadExecutor(name: "http-stop")
        await withCheckedContinuation { continuation in
            executor.run {
                self.daemon.withLock { $0 = nil }
                continuation.resume()
            }
        }
        executor.stop()
    }

    private func untilIdle(or end: ContinuousClock.Instant, unlessAborted: Bool = false) async {
        while requestsRunning > 0, .now < end, !(unlessAborted && isDrainAborted.load(ordering: .relaxed)) {
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { return }
        }
    }

    private func sweep() {
        let now = ContinuousClock.now
        let overdue = connections.withLock { connections in
            // Inside of the lock, so that no descriptor is closed and used again meanwhile.
            for connection in connections.values { connection.hangUpIfStalled(at: now) }
            return connections.values.filter { $0.isOverdue(at: now) }
        }
        for connection in overdue { connection.abandon(with: .timedOut) }
    }
}

extension HTTPServer {
    func opened(_ handle: HTTPConnectionHandle) -> HTTPConnection {
        let connection = HTTPConnection(handle, of: self)
        connections.withLock { $0[ObjectIdentifier(connection)] = connection }
        return connection
    }

    func closed(_ connection: HTTPConnection) {
        connections.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    func requestBegan() { running.add(1, ordering: .relaxed) }

    func requestEnded() { running.subtract(1, ordering: .relaxed) }

    /// The answer to a request that never reaches the handler.
    func refusal(_ error: APIError, correlationID: String? = nil) -> HTTPResponse {
        Envelope.failure(error, correlationID: correlationID ?? CorrelationID.make())
    }
}
