import CFlotillaLinux
package import FlotillaHTTPRouting
import FlotillaPlatform
import Glibc
import Synchronization

/// An HTTP/1.1 server on libmicrohttpd: a few threads for the sockets, and a Swift task for each request.
///
/// It listens from ``start(_:handler:)`` until ``stop(within:)``, which has to be called.
package final class HTTPServer: Sendable {
    package typealias Handler = @Sendable (HTTPRequest) async -> HTTPResponse
    /// Decides whether the body of a request may come, by its head alone. Called on the threads of the sockets.
    package typealias Admission = @Sendable (HTTPRequest) -> HeadVerdict
    /// How long the body of a request may be, by its head; `nil` for ``HTTPServerConfiguration/bodyLimit``.
    package typealias BodyLimit = @Sendable (HTTPRequest) -> Int?
    /// The answer to a request that the server refuses by itself; without a request when its head can't be read.
    package typealias Refusal = @Sendable (APIError, HTTPRequest?) -> HTTPResponse

    private struct Open {
        var connections: [ObjectIdentifier: HTTPConnection] = [:]
        /// How many each client has, where that is limited.
        var byClient: [NetworkAddress: Int] = [:]
    }

    let configuration: HTTPServerConfiguration
    let handler: Handler
    let admission: Admission
    private let refusal: Refusal
    private let ownBodyLimit: BodyLimit
    /// What the configuration says, or less: see ``HTTPServerConfiguration/connections``.
    package let connectionLimit: Int
    private let spareConnections: Int
    private let daemon = Mutex<HTTPDaemon?>(nil)
    private let open = Mutex(Open())
    private let running = Atomic<Int>(0)
    private let streams = Atomic<Int>(0)
    private let bodyBytes = Atomic<Int>(0)
    private let bodyBytesPeak = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private let isDrainAborted = Atomic<Bool>(false)
    private let sweeper = Mutex<Task<Void, Never>?>(nil)

    private init(
        _ configuration: HTTPServerConfiguration,
        _ admission: @escaping Admission,
        _ refusal: @escaping Refusal,
        _ bodyLimit: @escaping BodyLimit,
        _ handler: @escaping Handler
    ) {
        self.configuration = configuration
        self.admission = admission
        self.refusal = refusal
        ownBodyLimit = bodyLimit
        self.handler = handler
        let room = configuration.room(withDescriptors: fleet_descriptor_limit())
        spareConnections = configuration.spareConnections(in: room)
        connectionLimit = max(1, min(configuration.connections, room - spareConnections))
    }

    /// Listens, and calls `handler` for each request that has arrived whole.
    ///
    /// - Parameters:
    ///   - admission: asked about each request with a body before the body is taken in; takes all unless given.
    ///   - bodyLimit: for requests whose bodies may be longer or have to be shorter than others.
    ///   - refusal: writes the server's own refusals; the envelope unless given.
    package static func start(
        _ configuration: HTTPServerConfiguration,
        admission: @escaping Admission = { _ in .accepted },
        bodyLimit: @escaping BodyLimit = { _ in nil },
        refusal: @escaping Refusal = HTTPServer.envelope,
        handler: @escaping Handler
    ) throws(HTTPServerError) -> HTTPServer {
        let server = HTTPServer(configuration, admission, refusal, bodyLimit, handler)
        try server.listen()
        return server
    }

    private func listen() throws(HTTPServerError) {
        try daemon.withLock { daemon throws(HTTPServerError) in
            daemon = try HTTPDaemon.start(configuration, connections: connectionLimit + spareConnections, for: self)
        }
        let shortest = min(configuration.headTimeout, configuration.requestTimeout, configuration.handlerTimeout)
        let interval = min(.milliseconds(500), shortest / 4)
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

    /// The answers that are being sent piece by piece.
    package var streamsOpen: Int { streams.load(ordering: .relaxed) }

    package var connectionsOpen: Int { open.withLock { $0.connections.count } }

    /// The bytes of bodies that are here.
    package var bodyMemoryUsed: Int { bodyBytes.load(ordering: .relaxed) }

    /// Stops listening and ends streams at once, lets running requests finish, and closes every connection.
    ///
    /// Requests that still run at the deadline are cancelled and answered with 503.
    package func stop(within deadline: Duration = .seconds(10)) async {
        guard !stopping.exchange(true, ordering: .relaxed) else { return }
        daemon.withLock { $0?.stopListening() }
        let end = ContinuousClock.now + deadline
        open.withLock { Array($0.connections.values) }.forEach { $0.endStream() }
        await untilIdle(or: end, unlessAborted: true)
        // The daemon must not be stopped while a connection is suspended.
        while true {
            let unanswered = open.withLock { $0.connections.values.filter(\.isHandling) }
            if unanswered.isEmpty { break }
            for connection in unanswered {
                connection.endStream()
                connection.abandon(with: .stopping)
            }
            await Task.yield()
        }
        await untilIdle(or: .now + .milliseconds(500), andStreamsEnd: true)
        await untilRefusalsAreOver(or: .now + .milliseconds(500))
        sweeper.withLock { $0?.cancel() }
        await closeDaemon()
        await configuration.onDrained()
    }

    /// Brings the deadline of a stop that is under way forward to now.
    package func abortDrain() { isDrainAborted.store(true, ordering: .relaxed) }

    /// The library answers what it refuses once more by itself, after it was answered here, and goes on with an answer that it
    /// has not got when the daemon stops meanwhile: libmicrohttpd 0.9.75 crashes then.
    private func untilRefusalsAreOver(or end: ContinuousClock.Instant) async {
        while open.withLock({ $0.connections.values.contains { $0.spare?.isRefused == true } }), .now < end {
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { return }
        }
    }

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

    private func untilIdle(
        or end: ContinuousClock.Instant,
        andStreamsEnd: Bool = false,
        unlessAborted: Bool = false
    ) async {
        while requestsRunning > 0 || andStreamsEnd && streamsOpen > 0, .now < end,
            !(unlessAborted && isDrainAborted.load(ordering: .relaxed))
        {
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { return }
        }
    }

    private func sweep() {
        let now = ContinuousClock.now
        let overdue = open.withLock { open in
            // Inside of the lock, so that no descriptor is closed and used again meanwhile.
            for connection in open.connections.values { connection.hangUpIfStalled(at: now) }
            return open.connections.values.filter { $0.isOverdue(at: now) }
        }
        for connection in overdue { connection.abandon(with: .timedOut) }
        // The allocator keeps what was freed for the next flood, which may never come.
        if bodyBytesPeak.load(ordering: .relaxed) > 16 << 20, bodyMemoryUsed < 1 << 20 {
            bodyBytesPeak.store(0, ordering: .relaxed)
            fleet_release_free_memory()
        }
    }
}

extension HTTPServer {
    /// Whether one more connection from there is within the limit of a client.
    func mayConnect(_ address: NetworkAddress) -> Bool {
        guard let client = limitedClient(address) else { return true }
        let isWithinLimit = open.withLock { ($0.byClient[client] ?? 0) < configuration.connectionsPerAddress }
        if !isWithinLimit { configuration.onRefusal(.addressLimit) }
        return isWithinLimit
    }

    func opened(_ handle: HTTPConnectionHandle) -> HTTPConnection {
        let address = handle.address
        let client = address.flatMap { limitedClient($0) }
        let connection = HTTPConnection(handle, from: address, client: client, of: self)
        open.withLock { open in
            if let client { open.byClient[client, default: 0] += 1 }
            // Whoever waits for a request, sends it bit by bit, or was refused must not keep others out.
            if open.connections.count >= connectionLimit { mostSpare(of: open.connections)?.makeRoom() }
            open.connections[ObjectIdentifier(connection)] = connection
        }
        return connection
    }

    /// The one of some connections that was refused first or, without such a one, has waited longest for a request: to
    /// look at all of them for each new one would cost more than a flood is worth.
    private func mostSpare(of connections: [ObjectIdentifier: HTTPConnection]) -> HTTPConnection? {
        let sample = 64
        let start = Int.random(in: 0...max(0, connections.count - sample))
        let spare = connections.values.dropFirst(start).prefix(sample)
            .compactMap { other in other.spare.map { (connection: other, state: $0) } }
        let refused = spare.filter(\.state.isRefused)
        return (refused.isEmpty ? spare : refused).min { $0.state.since < $1.state.since }?.connection
    }

    func closed(_ connection: HTTPConnection) {
        open.withLock { open in
            open.connections[ObjectIdentifier(connection)] = nil
            guard let client = connection.client, let count = open.byClient[client] else { return }
            open.byClient[client] = count > 1 ? count - 1 : nil
        }
    }

    /// The library is about to refuse the request of one of the connections of this thread.
    func libraryRefuses(with status: Int) {
        open.withLock { open in
            LibraryRefusal.find(status, among: open.connections.values)?.refuseForLibrary(with: status)
        }
    }

    /// The library has no room for the head of the answer that it was just given on this thread.
    func libraryDropsAnswer() {
        open.withLock { open in
            // It finds that out at once: no other connection of the thread was given an answer since.
            let last = open.connections.values
                .compactMap { connection in connection.handedOver.map { (connection: connection, at: $0) } }
                .max { $0.at < $1.at }
            last?.connection.answerForLibrary()
        }
    }

    /// False when the bodies would take more memory than they may.
    func takeBodyMemory(_ count: Int) -> Bool {
        let used = bodyBytes.add(count, ordering: .relaxed).newValue
        guard used <= configuration.bodyMemory else {
            giveBackBodyMemory(count)
            return false
        }
        if used > bodyBytesPeak.load(ordering: .relaxed) { bodyBytesPeak.store(used, ordering: .relaxed) }
        return true
    }

    func giveBackBodyMemory(_ count: Int) {
        if count > 0 { bodyBytes.subtract(count, ordering: .relaxed) }
    }

    /// The client whose connections are counted; `nil` for addresses without a limit.
    func limitedClient(_ address: NetworkAddress) -> NetworkAddress? {
        guard configuration.connectionsPerAddress > 0, !address.isLoopback,
            !configuration.trustedAddresses.contains(where: { $0.contains(address) })
        else { return nil }
        return address.client
    }

    func requestBegan() { running.add(1, ordering: .relaxed) }

    /// False when there are as many streams as there may be.
    func takeStream() -> Bool {
        guard streams.add(1, ordering: .relaxed).newValue > configuration.streams else { return true }
        giveBackStream()
        return false
    }

    func giveBackStream() { streams.subtract(1, ordering: .relaxed) }

    func requestEnded() { running.subtract(1, ordering: .relaxed) }

    func bodyLimit(of head: HTTPRequest) -> Int { ownBodyLimit(head) ?? configuration.bodyLimit }

    /// The answer to a request that never reaches the handler.
    func refusal(_ error: APIError, to request: HTTPRequest? = nil) -> HTTPResponse { refusal(error, request) }

    package static func envelope(_ error: APIError, _ request: HTTPRequest?) -> HTTPResponse {
        let correlationID = request.map { CorrelationID.of($0) } ?? CorrelationID.make()
        return Envelope.failure(error, correlationID: correlationID, to: request)
    }
}
