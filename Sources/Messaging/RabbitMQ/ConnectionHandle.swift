import FlotillaModels
import FlotillaPlatform
import CFlotillaRabbitMQ
import Glibc

/// The only owner of an `amqp_connection_state_t`.
///
/// Non-copyable, so it is freed exactly once; not `Sendable`, so the actor that opened it is the only isolation
/// domain that can reach it. After any failure it must be thrown away: librabbitmq can't go on from one.
@safe struct ConnectionHandle: ~Copyable {
    let state: amqp_connection_state_t
    let frame: UnsafeMutablePointer<amqp_frame_t>
    let encoder = PropertyEncoder()

    /// Takes ownership of a state that librabbitmq has just made.
    private init(adopting state: amqp_connection_state_t) {
        unsafe self.state = state
        unsafe frame = .allocate(capacity: 1)
    }

    deinit {
        _ = unsafe amqp_destroy_connection(state)
        unsafe frame.deallocate()
    }

    /// Connects, logs in and opens channel 1. When a step throws, `deinit` has already freed everything.
    static func open(_ configuration: RabbitMQConfiguration, name: String) throws(AMQPError) -> ConnectionHandle {
        guard let state = unsafe amqp_new_connection() else { throw .library(-1, "connect") }
        let handle = unsafe ConnectionHandle(adopting: state)
        var timeout = timeval(configuration.connectTimeout)
        _ = unsafe amqp_set_handshake_timeout(state, &timeout)
        let socket = unsafe try handle.makeSocket(configuration.tls)
        let status = unsafe configuration.host.withCString { host in
            unsafe amqp_socket_open_noblock(socket, host, CInt(configuration.port), &timeout)
        }
        guard status == 0 else { throw .unreachable(configuration, status) }
        try handle.login(configuration, name: name)
        var requestTimeout = timeval(configuration.requestTimeout)
        _ = unsafe amqp_set_rpc_timeout(state, &requestTimeout)
        try handle.openChannel(1)
        return handle
    }

    private borrowing func makeSocket(_ tls: RabbitMQConfiguration.TLS?) throws(AMQPError) -> OpaquePointer {
        guard let tls else {
            guard let socket = unsafe amqp_tcp_socket_new(state) else { throw .library(-1, "connect") }
            return unsafe socket
        }
        guard let socket = unsafe amqp_ssl_socket_new(state) else { throw .library(-1, "start TLS") }
        unsafe amqp_ssl_socket_set_verify_peer(socket, 1)
        unsafe amqp_ssl_socket_set_verify_hostname(socket, 1)
        guard unsafe amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) == 0 else {
            throw .configuration("start TLS", "TLS 1.2 is not available")
        }
        let trusted = unsafe tls.authorities.withCString { unsafe amqp_ssl_socket_set_cacert(socket, $0) }
        guard trusted == 0 else { throw .configuration("start TLS", "no authorities in \(tls.authorities)") }
        if let certificate = tls.certificate {
            let key = tls.key ?? certificate
            let status = unsafe certificate.withCString { certificate in
                unsafe key.withCString { unsafe amqp_ssl_socket_set_key(socket, certificate, $0) }
            }
            guard status == 0 else { throw .configuration("start TLS", "no key pair in \(certificate) and \(key)") }
        }
        return unsafe socket
    }

    private borrowing func login(_ configuration: RabbitMQConfiguration, name: String) throws(AMQPError) {
        let capabilities: HeaderTable = [
            "connection.blocked": true, "consumer_cancel_notify": true, "publisher_confirms": true,
            "basic.nack": true, "exchange_exchange_bindings": true, "authentication_failure_close": true,
        ]
        let properties: HeaderTable = [
            "product": "Flotilla", "version": .string(FlotillaVersion.current), "platform": "Swift, Linux",
            "connection_name": .string("\(configuration.connectionName) \(name)"),
            "capabilities": .table(capabilities),
        ]
        var table = unsafe encoder.table(properties)
        let reply = unsafe configuration.virtualHost.withCString { host in
            unsafe configuration.user.withCString { user in
                unsafe configuration.password.revealed.withCString { password in
                    unsafe fleet_login(
                        state,
                        host,
                        CInt(configuration.maximumFrameSize),
                        CInt(clamping: configuration.heartbeat.components.seconds),
                        &table,
                        user,
                        password
                    )
                }
            }
        }
        encoder.recycle()
        unsafe try check(reply, "log in to \(configuration)")
    }

    /// Agrees on heartbeats with the broker but leaves them to us; returns the agreed interval.
    ///
    /// Left to itself, librabbitmq would check the clock and read the socket before every publish, and still not
    /// notice a silent peer while nobody calls it.
    borrowing func takeOverHeartbeats() throws(AMQPError) -> Duration {
        let seconds = unsafe amqp_get_heartbeat(state)
        let status = unsafe amqp_tune_connection(state, amqp_get_channel_max(state), amqp_get_frame_max(state), 0)
        guard status == 0 else { throw .library(status, "set up heartbeats") }
        return .seconds(Int(seconds))
    }

    borrowing func openChannel(_ channel: UInt16) throws(AMQPError) {
        _ = unsafe amqp_channel_open(state, channel)
        unsafe try check(amqp_get_rpc_reply(state), "open a channel")
    }

    var descriptor: CInt { unsafe amqp_get_sockfd(state) }

    var maximumFrameSize: Int { Int(unsafe amqp_get_frame_max(state)) }

    var serverProperties: HeaderTable {
        guard let table = unsafe amqp_get_server_properties(state) else { return HeaderTable() }
        return unsafe PropertyDecoder.table(table.pointee) ?? HeaderTable()
    }

    /// Closes the connection in the protocol's way, and waits briefly for the broker's reply.
    borrowing func close() {
        var timeout = timeval(.seconds(2))
        _ = unsafe amqp_set_rpc_timeout(state, &timeout)
        _ = unsafe amqp_connection_close(state, 200)
    }

    /// Turns an answer of librabbitmq into an error, unless it is a good one.
    func check(_ reply: amqp_rpc_reply_t, _ operation: String) throws(AMQPError) {
        switch unsafe reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return
        case AMQP_RESPONSE_LIBRARY_EXCEPTION: throw unsafe .library(reply.library_error, operation)
        default:
            guard let decoded = unsafe reply.reply.decoded else { throw .library(-7, operation) }
            if unsafe reply.reply.id == MethodID.channelClose {
                throw unsafe ChannelClosure(decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee)
                    .error(operation)
            }
            let close = unsafe decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            throw AMQPError(
                code: .broker(replyCode: Int(unsafe close.reply_code)),
                operation: operation,
                detail: unsafe String(decoding: close.reply_text.buffer, as: UTF8.self)
            )
        }
    }
}

extension ChannelClosure {
    init(_ close: amqp_channel_close_t) {
        self.init(
            code: Int(unsafe close.reply_code),
            reason: unsafe String(decoding: close.reply_text.buffer, as: UTF8.self),
            method: UInt32(unsafe close.class_id) << 16 | UInt32(unsafe close.method_id)
        )
    }
}

extension AMQPError {
    static func library(_ status: Int32, _ operation: String) -> AMQPError {
        AMQPError(
            code: status == -0xD || status == -0xF ? .timeout : .library(status: status),
            operation: operation,
            detail: unsafe String(cString: amqp_error_string2(status))
        )
    }

    /// No connection to the broker's address, which the detail names: it is what a person needs first.
    static func unreachable(_ configuration: RabbitMQConfiguration, _ status: Int32) -> AMQPError {
        let host = configuration.host
        let place = "\(host.contains(":") ? "[\(host)]" : host):\(configuration.port)"
        let error = library(status, "connect to \(configuration)")
        // The library's word for whatever the kernel says to a connection.
        let reason = status == -0x9 ? "connection refused, or no way there" : error.detail
        return AMQPError(code: error.code, operation: error.operation, detail: "\(place): \(reason)")
    }

    static func configuration(_ operation: String, _ detail: String) -> AMQPError {
        AMQPError(code: .configuration, operation: operation, detail: detail)
    }

    static func closed(_ operation: String) -> AMQPError {
        AMQPError(code: .closed, operation: operation, detail: "the connection is closed")
    }
}

extension timeval {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
