import FlotillaHTTPRouting
import FlotillaPlatform
import CFlotillaMicroHTTPD
import Glibc

/// The only owner of an `MHD_Daemon`, which runs the threads that read and write sockets.
@safe struct HTTPDaemon: ~Copyable {
    private let daemon: OpaquePointer
    private let server: Unmanaged<HTTPServer>

    private init(adopting daemon: OpaquePointer, for server: Unmanaged<HTTPServer>) {
        unsafe self.daemon = daemon
        unsafe self.server = server
    }

    /// Starts to listen; every callback goes to `server`, which is kept alive until the daemon is gone.
    ///
    /// - Parameter connections: how many there may be at most.
    static func start(
        _ configuration: HTTPServerConfiguration,
        connections: Int,
        for server: HTTPServer
    ) throws(HTTPServerError) -> HTTPDaemon {
        let retained = unsafe Unmanaged.passRetained(server)
        errno = 0
        let daemon = unsafe configuration.host.withCString { host in
            var options = unsafe fleet_http_options(
                host: host,
                port: configuration.port,
                threads: UInt32(clamping: configuration.threads),
                connections: UInt32(clamping: connections),
                idle_seconds: UInt32(clamping: configuration.idleTimeout.components.seconds),
                memory: configuration.headLimit + RequestHead.reservedMemory,
                on_target: onTarget,
                on_accept: onAccept,
                on_message: onMessage,
                on_request: onRequest,
                on_completed: onCompleted,
                on_connection: onConnection,
                context: retained.toOpaque()
            )
            return unsafe fleet_http_start(&options)
        }
        guard let daemon = unsafe daemon else {
            let reason = errno
            unsafe retained.release()
            throw HTTPServerError(
                code: reason == EADDRINUSE ? .addressInUse : .unavailable,
                operation: "listen on \(configuration.host):\(configuration.port)",
                detail: reason == 0 ? "not an address" : unsafe String(cString: strerror(reason))
            )
        }
        return unsafe HTTPDaemon(adopting: daemon, for: retained)
    }

    /// Waits for the threads to end, and closes every connection. No connection may be suspended.
    deinit {
        unsafe MHD_stop_daemon(daemon)
        unsafe server.release()
    }

    var port: UInt16 { unsafe fleet_http_port(daemon) }

    /// Stops listening; connections that are there go on.
    borrowing func stopListening() { unsafe fleet_http_stop_listening(daemon) }
}

/// One connection of the daemon, as its callbacks and the connection's answer see it.
///
/// Unchecked, because libmicrohttpd lets a suspended connection be resumed from any thread, and everything else is
/// called from its own thread, inside of a callback.
@safe struct HTTPConnectionHandle: @unchecked Sendable {
    private let connection: OpaquePointer

    fileprivate init(_ connection: OpaquePointer) { unsafe self.connection = connection }

    var descriptor: CInt { unsafe fleet_http_descriptor(connection) }

    var address: NetworkAddress? {
        var bytes = [UInt8](repeating: 0, count: 16)
        return unsafe fleet_http_client(connection, &bytes) != 0 ? NetworkAddress(bytes) : nil
    }

    /// Whether the header fields of a request have all arrived; to be asked on the connection's own thread.
    var hasHead: Bool { unsafe fleet_http_has_head(connection) != 0 }

    func suspend() { unsafe MHD_suspend_connection(connection) }
    func resume() { unsafe MHD_resume_connection(connection) }

    func headers() -> HTTPHeaders {
        var headers = HTTPHeaders()
        unsafe withUnsafeMutablePointer(to: &headers) { headers in
            _ = unsafe MHD_get_connection_values_n(
                connection,
                .HEADER_KIND,
                { context, _, name, nameSize, value, valueSize in
                    guard let context = unsafe context else { return .NO }
                    unsafe context.assumingMemoryBound(to: HTTPHeaders.self).pointee.add(
                        String(decoding: UnsafeRawBufferPointer(start: name, count: nameSize), as: UTF8.self),
                        String(decoding: UnsafeRawBufferPointer(start: value, count: valueSize), as: UTF8.self)
                    )
                    return .YES
                },
                headers
            )
        }
        return headers
    }

    /// Hands the answer over for sending; false when there already is one.
    ///
    /// - Parameter streamed: gives the body of a stream; `nil` when there is none.
    func send(_ response: HTTPResponse, _ streamed: StreamedAnswer? = nil, closing: Bool) -> Bool {
        let made = unsafe streamed.map { unsafe pieces(of: $0) } ?? whole(response.body)
        guard let made = unsafe made else { return false }
        defer { unsafe MHD_destroy_response(made) }
        for (name, value) in response.headers.fields { _ = unsafe MHD_add_response_header(made, name, value) }
        if closing { _ = unsafe MHD_add_response_header(made, "Connection", "close") }
        return unsafe MHD_queue_response(connection, UInt32(response.status), made) == .YES
    }

    private func whole(_ body: [UInt8]) -> OpaquePointer? {
        unsafe body.withUnsafeBytes { body in
            unsafe MHD_create_response_from_buffer(
                body.count,
                UnsafeMutableRawPointer(mutating: body.baseAddress),
                .RESPMEM_MUST_COPY
            )
        }
    }

    /// Of unknown length, in chunks. The library keeps `streamed` alive until it is done with the answer.
    private func pieces(of streamed: StreamedAnswer) -> OpaquePointer? {
        let context = unsafe Unmanaged.passRetained(streamed).toOpaque()
        let made = unsafe MHD_create_response_from_callback(.max, 8 << 10, onPiece, context, onStreamFreed)
        if unsafe made == nil { unsafe onStreamFreed(context) }
        return unsafe made
    }
}

/// A client connects; `NO` closes the connection at once. Addresses of other kinds than IP can't occur.
private func onAccept(
    _ context: UnsafeMutableRawPointer?,
    _ address: UnsafePointer<sockaddr>?,
    _: socklen_t
) -> MHD_Result {
    var bytes = [UInt8](repeating: 0, count: 16)
    guard let context = unsafe context, let address = unsafe address,
        unsafe fleet_http_address(address, &bytes) != 0
    else { return .YES }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    return server.mayConnect(NetworkAddress(bytes)) ? .YES : .NO
}

/// The library logs something. It does so before it answers a request by itself.
private func onMessage(
    _ context: UnsafeMutableRawPointer?,
    _ format: UnsafePointer<CChar>?,
    _ arguments: CVaListPointer?
) {
    guard let context = unsafe context, let format = unsafe format, let arguments = unsafe arguments else { return }
    if unsafe fleet_http_is_shortage(format) != 0 { return ResourceShortage.report("a connection", EMFILE) }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    if unsafe fleet_http_drops_answer(format, arguments) != 0 { return server.libraryDropsAnswer() }
    let status = unsafe fleet_http_own_answer(format, arguments)
    if status != 0 { server.libraryRefuses(with: Int(status)) }
}

/// A connection opens or closes: its ``HTTPConnection`` is made and kept alive in between.
private func onConnection(
    _ context: UnsafeMutableRawPointer?,
    _ connection: OpaquePointer?,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ event: MHD_ConnectionNotificationCode
) {
    guard let context = unsafe context, let connection = unsafe connection, let slot = unsafe slot else { return }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    if event == .CONNECTION_NOTIFY_STARTED {
        let opened = unsafe server.opened(HTTPConnectionHandle(connection))
        unsafe slot.pointee = Unmanaged.passRetained(opened).toOpaque()
    } else if let kept = unsafe slot.pointee {
        server.closed(unsafe Unmanaged<HTTPConnection>.fromOpaque(kept).takeRetainedValue())
        unsafe slot.pointee = nil
    }
}

/// A request line has arrived. What is returned comes back as the context of the request's other callbacks.
private func onTarget(
    _: UnsafeMutableRawPointer?,
    _ target: UnsafePointer<CChar>?,
    _ connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let target = unsafe target, let connection = unsafe connection,
        let kept = unsafe fleet_http_context(connection)
    else { return nil }
    unsafe Unmanaged<HTTPConnection>.fromOpaque(kept).takeUnretainedValue()
        .begin(target: String(cString: target), length: strlen(target))
    return unsafe kept
}

/// Headers, a piece of the body, or the end of the request have arrived.
private func onRequest(
    _: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ url: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?,
    _ version: UnsafePointer<CChar>?,
    _ data: UnsafePointer<CChar>?,
    _ size: UnsafeMutablePointer<Int>?,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let kept = unsafe slot?.pointee, let size = unsafe size, let method = unsafe method,
        let handle = unsafe handle, let url = unsafe url, let version = unsafe version
    else { return .NO }
    let connection = unsafe Unmanaged<HTTPConnection>.fromOpaque(kept).takeUnretainedValue()
    let isAccepted: Bool
    if unsafe size.pointee > 0 {
        isAccepted = unsafe connection.receive(UnsafeRawBufferPointer(start: data, count: size.pointee))
        unsafe size.pointee = 0
    } else {
        isAccepted = connection.proceed(method: unsafe String(cString: method)) { targetLength in
            unsafe HeadBytes(handle, method, url, targetLength: targetLength, version)
        }
    }
    return isAccepted ? .YES : .NO
}

/// A further piece of an answer can be sent.
private func onPiece(
    _ context: UnsafeMutableRawPointer?,
    _: UInt64,
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int
) -> Int {
    guard let context = unsafe context, let buffer = unsafe buffer else { return -1 }
    let streamed = unsafe Unmanaged<StreamedAnswer>.fromOpaque(context).takeUnretainedValue()
    switch unsafe streamed.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size)) {
    case .bytes(let count): return count
    case .nothing: return 0
    // MHD_CONTENT_READER_END_OF_STREAM and MHD_CONTENT_READER_END_WITH_ERROR.
    case .end: return -1
    case .failure: return -2
    }
}

private func onStreamFreed(_ context: UnsafeMutableRawPointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<StreamedAnswer>.fromOpaque(context).release()
}

/// A request is over: answered, or broken off.
private func onCompleted(
    _: UnsafeMutableRawPointer?,
    _: OpaquePointer?,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _: MHD_RequestTerminationCode
) {
    guard let kept = unsafe slot?.pointee else { return }
    unsafe Unmanaged<HTTPConnection>.fromOpaque(kept).takeUnretainedValue().complete()
    unsafe slot?.pointee = nil
}
