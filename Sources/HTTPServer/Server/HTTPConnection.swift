import FlotillaHTTPRouting
import Glibc
import Synchronization

/// One client connection, which carries one request at a time.
///
/// The server's own threads receive and send; in between the connection is suspended, and a task runs the handler.
final class HTTPConnection: Sendable {
    private enum Phase {
        /// Nothing of the next request has been understood yet.
        case waiting
        case receiving(HTTPRequest)
        /// The body is over the limit; what still comes is thrown away.
        case overflowing(discarded: Int)
        case handling(Task<Void, Never>?)
        case answered(HTTPResponse)
        case sending
    }

    private struct State {
        var phase = Phase.waiting
        var since = ContinuousClock.now
        var target = "/"
        var isCounted = false
    }

    private let handle: HTTPConnectionHandle
    private let descriptor: CInt
    private unowned let server: HTTPServer
    private let state = Mutex(State())

    init(_ handle: HTTPConnectionHandle, of server: HTTPServer) {
        self.handle = handle
        self.server = server
        descriptor = handle.descriptor
    }

    func begin(target: String) { state.withLock { $0.target = target } }

    /// Takes a piece of the body; false closes the connection.
    func receive(_ data: UnsafeRawBufferPointer) -> Bool {
        let limit = server.configuration.bodyLimit
        return state.withLock { state in
            switch state.phase {
            case .receiving(var request):
                state.phase = .waiting
                if request.body.count + data.count > limit {
                    state.phase = .overflowing(discarded: data.count)
                } else {
                    unsafe request.body.append(contentsOf: data)
                    state.phase = .receiving(request)
                }
                return true
            case .overflowing(let discarded):
                // No answer can be given before the body ends; a client that goes on and on is cut off.
                state.phase = .overflowing(discarded: discarded + data.count)
                return discarded < 4 * limit
            default: return false
            }
        }
    }

    /// Goes on after the headers, at the end of the body, and once the handler has answered; false closes the connection.
    func proceed(method: String) -> Bool {
        enum Step {
            case wait
            case handle(HTTPRequest)
            case send(HTTPResponse, closing: Bool)
        }
        let step: Step = state.withLock { state in
            switch state.phase {
            case .waiting:
                state.isCounted = true
                server.requestBegan()
                var request = HTTPRequest(method: method, target: state.target, headers: handle.headers())
                if let refusal = refusal(of: request) {
                    state.phase = .sending
                    return .send(refusal, closing: true)
                }
                if let length = request.headers["Content-Length"].flatMap({ Int($0) }), length > 0 {
                    request.body.reserveCapacity(length)
                }
                state.phase = .receiving(request)
                return .wait
            case .receiving(let request):
                state.phase = .handling(nil)
                state.since = .now
                return .handle(request)
            case .overflowing:
                state.phase = .sending
                return .send(server.refusal(.bodyTooLarge(limit: server.configuration.bodyLimit)), closing: true)
            case .answered(let response):
                state.phase = .sending
                state.since = .now
                return .send(response, closing: server.isStopping)
            case .handling, .sending: return .wait
            }
        }
        switch step {
        case .wait: return true
        case .handle(let request):
            run(request)
            return true
        case .send(let response, let closing): return handle.send(response, closing: closing)
        }
    }

    func complete() {
        let wasCounted = state.withLock { state in
            defer { state = State() }
            return state.isCounted
        }
        if wasCounted { server.requestEnded() }
    }

    /// Whether the handler has been running for longer than it may.
    func isOverdue(at now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            if case .handling = state.phase { now - state.since > server.configuration.handlerTimeout } else { false }
        }
    }

    var isHandling: Bool {
        state.withLock { state in if case .handling = state.phase { true } else { false } }
    }

    /// Hangs up on a client that takes too long to send its request, or to take its answer.
    func hangUpIfStalled(at now: ContinuousClock.Instant) {
        let isReceiving: Bool? = state.withLock { state in
            guard now - state.since > server.configuration.requestTimeout else { return nil }
            return switch state.phase {
            case .waiting, .receiving, .overflowing: true
            case .sending: false
            case .handling, .answered: nil
            }
        }
        guard let isReceiving else { return }
        if isReceiving {
            let notice = Array("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".utf8)
            _ = unsafe send(descriptor, notice, notice.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Answers in place of a handler that still runs, and cancels it.
    func abandon(with error: APIError) {
        let task: Task<Void, Never>? = state.withLock { state in
            if case .handling(let task) = state.phase { task } else { nil }
        }
        guard let task else { return }
        answer(server.refusal(error))
        task.cancel()
    }

    private func run(_ request: HTTPRequest) {
        handle.suspend()
        let handler = server.handler
        let task = Task { answer(await handler(request)) }
        state.withLock { state in
            if case .handling = state.phase { state.phase = .handling(task) }
        }
    }

    /// The first answer counts.
    private func answer(_ response: HTTPResponse) {
        let isFirst = state.withLock { state in
            guard case .handling = state.phase else { return false }
            state.phase = .answered(response)
            return true
        }
        if isFirst { handle.resume() }
    }

    /// The answer to a request whose head is wrong already.
    private func refusal(of request: HTTPRequest) -> HTTPResponse? {
        guard let error = mistake(in: request.headers) else { return nil }
        return server.refusal(error, correlationID: CorrelationID.of(request))
    }

    private func mistake(in headers: HTTPHeaders) -> APIError? {
        let lengths = Set(headers.values(of: "Content-Length"))
        let hasCoding = headers["Transfer-Encoding"] != nil
        // Two readings of where a request ends are how one is smuggled past a proxy.
        guard lengths.count <= 1, !(hasCoding && lengths.count == 1) else { return .ambiguousLength }
        guard let text = lengths.first else { return nil }
        guard let length = Int(text), length >= 0 else { return .ambiguousLength }
        let limit = server.configuration.bodyLimit
        return length > limit ? .bodyTooLarge(limit: limit) : nil
    }
}
