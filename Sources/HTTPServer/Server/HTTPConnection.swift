import CFlotillaLinux
import FlotillaHTTPRouting
import Glibc
import Synchronization

/// One client connection, which carries one request at a time.
///
/// The server's own threads receive and send; in between the connection is suspended, and a task runs the handler.
final class HTTPConnection: Sendable {
    enum Phase {
        /// Nothing of the next request has been understood yet.
        case waiting
        /// The head is here; whether the body may come is being found out.
        case admitting(HTTPRequest, Task<Void, Never>?)
        /// It has been found out; the library calls again before it reads the body.
        case decided(HTTPRequest, refusal: HTTPResponse?)
        case receiving(HTTPRequest)
        /// The answer has been written past the library; what still comes is thrown away, so that the client can read it.
        case refused(discarded: Int)
        /// Its socket is shut in both directions; the library closes it next.
        case shut
        /// The request is kept without its body.
        case handling(HTTPRequest, Task<Void, Never>?)
        case answered(HTTPResponse)
        /// The answer is kept where the library may find no room for it.
        case sending(HTTPResponse?)
        /// The answer is sent piece by piece.
        case streaming
    }

    struct State {
        var phase = Phase.waiting
        var since = ContinuousClock.now
        var target = "/"
        /// Of the target as it was sent, which need not be text.
        var targetLength = 0
        /// Whether the request line of the next request has been read.
        var hasTarget = false
        var isCounted = false
        /// Whether something of the next head has to be there: always on a new connection.
        var isHeadDue = true
        /// How many bytes all the requests before had. What has arrived beyond them is of a further one, even when it
        /// came in one piece with the last, or before the library says that the answer is out.
        var bytesBefore: Int64 = 0
        /// Where the library's memory of the connection begins: where the first head did.
        var memory = UInt.max
        var isChunked = false
        /// How many bytes the library had read when it last gave a piece of a body in chunks, and when that was.
        var bytesSeen: Int64 = 0
        var seen = ContinuousClock.now
        /// Whether the library may find no room for the answer.
        var isTight = false
        var isHead = false
        /// How long the request's body may be.
        var bodyLimit = 0
        /// What the request's body has taken of the server's memory for bodies.
        var bodyBytes = 0
        /// Whether its answer is one of the server's streams, and what sends it.
        var isStream = false
        var streamed: StreamedAnswer?
    }

    /// Whose it is, for the limit per address; `nil` for addresses without one.
    let client: NetworkAddress?
    let address: NetworkAddress?
    let handle: HTTPConnectionHandle
    let descriptor: CInt
    /// The library's thread that serves it.
    let thread = pthread_self()
    unowned let server: HTTPServer
    let state = Mutex(State())

    /// - Parameters:
    ///   - address: the other end's.
    ///   - client: whose connections it is counted with.
    init(
        _ handle: HTTPConnectionHandle,
        from address: NetworkAddress?,
        client: NetworkAddress?,
        of server: HTTPServer
    ) {
        self.handle = handle
        self.address = address
        self.client = client
        self.server = server
        descriptor = handle.descriptor
    }

    /// - Parameter length: the target's, in bytes.
    func begin(target: String, length: Int) {
        state.withLock { state in
            state.target = target
            state.targetLength = length
            state.hasTarget = true
            if !state.isHeadDue { state.since = .now }
            state.isHeadDue = true
        }
    }

    /// Takes a piece of the body; false closes the connection.
    func receive(_ data: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            begin(&state)
            if state.isChunked {
                state.bytesSeen = fleet_bytes_read(descriptor)
                state.seen = .now
            }
            switch state.phase {
            case .receiving(var request):
                state.phase = .waiting
                if request.body.count + data.count > state.bodyLimit {
                    refuse(.bodyTooLarge(limit: state.bodyLimit), request, &state)
                } else if !server.takeBodyMemory(data.count) {
                    server.configuration.onRefusal(.memory)
                    refuse(.busy, request, &state)
                } else {
                    state.bodyBytes += data.count
                    unsafe request.body.append(contentsOf: data)
                    state.phase = .receiving(request)
                }
                return true
            case .refused(let discarded):
                state.phase = .refused(discarded: discarded + data.count)
                return discarded < max(32 << 20, 4 * state.bodyLimit)
            default: return false
            }
        }
    }

    /// Goes on after the headers, at the end of the body, and once the handler has answered; false closes the connection.
    ///
    /// - Parameter head: gives the head, which is asked for after the headers, from the length of the target.
    func proceed(method: String, head: (Int) -> HeadBytes) -> Bool {
        enum Step {
            case wait, close
            case admit(HTTPRequest, @Sendable () async -> HTTPResponse?)
            case handle(HTTPRequest)
            case send(HTTPResponse, StreamedAnswer?, closing: Bool)
        }
        let step: Step = state.withLock { state in
            switch state.phase {
            case .waiting:
                state.isCounted = true
                server.requestBegan()
                state.since = .now
                let request = request(method, state.target)
                let head = head(state.targetLength)
                note(head, of: request, &state)
                switch verdict(on: request, head, &state) {
                case .accepted: receive(request, &state)
                case .refused(let response):
                    refuse(response, request, &state)
                    // The library may close at once: what is unread then has the answer thrown away on its way.
                    if !head.isReadable { fleet_discard_input(descriptor) }
                case .pending(let question):
                    state.phase = .admitting(request, nil)
                    return .admit(request, question)
                }
                return .wait
            case .decided:
                begin(&state)
                return .wait
            case .receiving(let request):
                var head = request
                head.body = []
                state.phase = .handling(head, nil)
                state.since = .now
                state.bytesBefore += Int64(request.body.count)
                return .handle(request)
            case .answered(let response):
                let isWhole = response.stream == nil
                state.phase =
                    stream(response, &state) ? .streaming : .sending(state.isTight && isWhole ? response : nil)
                state.since = .now
                // Where chunks and what follows them end is read too differently for a further request.
                return .send(response, state.streamed, closing: server.isStopping || state.isChunked)
            case .refused, .shut: return .close
            case .admitting, .handling, .sending, .streaming: return .wait
            }
        }
        switch step {
        case .wait: return true
        case .close: return false
        case .admit(let request, let question): admit(request, question)
        case .handle(let request): run(request)
        case .send(let response, let streamed?, let closing):
            guard handle.send(response, streamed, closing: closing) else { return false }
            streamed.start()
            // What stops meanwhile has not seen it.
            if server.isStopping { streamed.end() }
        case .send(let response, nil, let closing): return handle.send(response, closing: closing)
        }
        return true
    }

    func complete() {
        let ended = state.withLock { state in
            let ended = state
            state = State()
            state.isHeadDue = false
            state.bytesBefore = ended.bytesBefore
            state.memory = ended.memory
            if case .shut = ended.phase { state.phase = .shut }
            return ended
        }
        server.giveBackBodyMemory(ended.bodyBytes)
        if ended.isCounted { server.requestEnded() }
        endStream(ended)
    }

    /// Whether the handler, or the question whether there is to be one, has been running for longer than it may.
    func isOverdue(at now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            switch state.phase {
            case .handling, .admitting: now - state.since > server.configuration.handlerTimeout
            default: false
            }
        }
    }

    /// Whether the connection is suspended, or may be at any time.
    var isHandling: Bool {
        state.withLock { state in
            switch state.phase {
            case .handling, .admitting: true
            case .streaming: state.streamed?.isOpen ?? false
            default: false
            }
        }
    }

    /// Whether, and since when, it can be closed to make room for another one.
    var spare: (isRefused: Bool, since: ContinuousClock.Instant)? {
        state.withLock { state in
            switch state.phase {
            case .waiting: (false, state.since)
            case .refused: (true, state.since)
            default: nil
            }
        }
    }

    /// Closes the connection if it waits for a request, or has its refusal and goes on sending, or says nothing.
    func makeRoom() {
        let (isSpare, isNews) = state.withLock { state in
            switch state.phase {
            case .waiting:
                state.phase = .shut
                return (true, true)
            case .refused:
                state.phase = .shut
                return (true, false)
            default: return (false, false)
            }
        }
        guard isSpare else { return }
        if isNews { server.configuration.onRefusal(.crowded) }
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Hangs up on a client that takes too long to send its request, or to take its answer.
    func hangUpIfStalled(at now: ContinuousClock.Instant) {
        var isNews = true
        let isStalled = state.withLock { state in
            let configuration = server.configuration
            let age = now - state.since
            switch state.phase {
            case .waiting:
                guard state.isHeadDue else {
                    // The library does not say when the first byte of a further request arrives.
                    guard fleet_bytes_received(descriptor) > state.bytesBefore else { return false }
                    state.isHeadDue = true
                    state.since = now
                    return false
                }
                guard age > configuration.headTimeout else { return false }
                write(server.refusal(.requestTimedOut))
            case .receiving(let request), .decided(let request, _):
                guard age > configuration.requestTimeout else { return false }
                write(server.refusal(.requestTimedOut, to: request))
            case .refused:
                guard age > configuration.headTimeout * 2 else { return false }
                isNews = false
            case .sending:
                guard age > configuration.requestTimeout else { return false }
            case .streaming:
                let isGone = fleet_peer_is_gone(descriptor) != 0
                let isStalled = state.streamed?.isStalled(at: now, limit: configuration.requestTimeout) ?? false
                guard isGone || isStalled else { return false }
                isNews = !isGone
                state.streamed?.abort()
            case .admitting, .handling, .answered, .shut: return false
            }
            state.phase = .shut
            return true
        }
        guard isStalled else { return }
        if isNews { server.configuration.onRefusal(.slow) }
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Answers in place of a handler that still runs, and cancels it.
    func abandon(with error: APIError) {
        let (request, task, isAdmitting) = state.withLock { state -> (HTTPRequest?, Task<Void, Never>?, Bool) in
            switch state.phase {
            case .handling(let request, let task): return (request, task, false)
            case .admitting(let request, let task): return (request, task, true)
            default: return (nil, nil, false)
            }
        }
        guard let task else { return }
        let refusal = server.refusal(error, to: request)
        if isAdmitting { finishAdmission(refusal: refusal) } else { answer(refusal) }
        task.cancel()
    }

    private func receive(_ request: HTTPRequest, _ state: inout State) {
        var request = request
        if let length = request.headers["Content-Length"].flatMap({ Int($0) }), length > 0 {
            request.body.reserveCapacity(min(length, server.configuration.bodyLimit))
        }
        state.phase = .receiving(request)
    }

    private func admit(_ request: HTTPRequest, _ question: @escaping @Sendable () async -> HTTPResponse?) {
        handle.suspend()
        let task = Task { finishAdmission(refusal: await question()) }
        state.withLock { state in
            if case .admitting(let request, _) = state.phase { state.phase = .admitting(request, task) }
        }
    }

    private func finishAdmission(refusal: HTTPResponse?) {
        let isFirst = state.withLock { state in
            guard case .admitting(let request, _) = state.phase else { return false }
            state.since = .now
            state.phase = .decided(request, refusal: refusal)
            return true
        }
        if isFirst { handle.resume() }
    }

    /// Goes on with a request about which it has been decided.
    private func begin(_ state: inout State) {
        guard case .decided(let request, let refusal) = state.phase else { return }
        if let refusal { refuse(refusal, request, &state) } else { receive(request, &state) }
    }

    private func run(_ request: HTTPRequest) {
        handle.suspend()
        let handler = server.handler
        let task = Task { answer(await handler(request)) }
        state.withLock { state in
            if case .handling(let head, _) = state.phase { state.phase = .handling(head, task) }
        }
    }

    /// The first answer counts.
    private func answer(_ response: HTTPResponse) {
        let isFirst = state.withLock { state in
            guard case .handling(let request, _) = state.phase else { return false }
            state.phase = .answered(admitted(response, to: request, &state))
            return true
        }
        if isFirst { handle.resume() }
    }

    func refuse(_ error: APIError, _ request: HTTPRequest, _ state: inout State) {
        refuse(server.refusal(error, to: request), request, &state)
    }

    /// Answers before the body has come, which the library can't, and has the rest of it thrown away.
    func refuse(_ response: HTTPResponse, _ request: HTTPRequest, _ state: inout State) {
        write(response, isHead: request.method == "HEAD")
        shutdown(descriptor, Int32(SHUT_WR))
        server.giveBackBodyMemory(state.bodyBytes)
        state.bodyBytes = 0
        state.since = .now
        state.phase = .refused(discarded: 0)
    }

    func write(_ response: HTTPResponse, isHead: Bool = false) {
        let bytes = RawAnswer.bytes(of: response, isHead: isHead)
        _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }
}
