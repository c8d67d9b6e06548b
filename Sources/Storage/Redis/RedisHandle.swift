import CFlotillaHiredis
import Glibc

/// The only owner of a `redisContext`, in non-blocking mode.
///
/// hiredis connects, and keeps the buffers and the parser; waiting on the socket is the caller's.
@safe struct RedisHandle: ~Copyable {
    enum Arrival {
        case reply(RedisReply)
        /// More bytes have to arrive first.
        case none
        case broken
    }

    private let context: UnsafeMutablePointer<redisContext>

    private init(adopting context: UnsafeMutablePointer<redisContext>) { unsafe self.context = context }

    deinit { unsafe redisFree(context) }

    /// Begins to connect; the socket becomes writable once it is done, see ``isConnected()``.
    static func start(_ endpoint: RedisConfiguration.Endpoint) throws(RedisError) -> RedisHandle {
        let made =
            switch endpoint {
            case .tcp(let host, let port): unsafe redisConnectNonBlock(host, CInt(port))
            case .unix(let path): unsafe redisConnectUnixNonBlock(path)
            }
        guard let context = unsafe made else { throw .unavailable("connect", "out of memory") }
        let handle = unsafe RedisHandle(adopting: context)
        guard unsafe context.pointee.err == 0 else { throw .unavailable("connect", handle.problem) }
        if case .tcp = endpoint {
            _ = unsafe redisEnableKeepAlive(context)
            var yes: CInt = 1
            _ = unsafe setsockopt(handle.socket, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
        }
        return handle
    }

    var socket: CInt { unsafe context.pointee.fd }

    var problem: String {
        unsafe withUnsafeBytes(of: context.pointee.errstr) { raw in
            unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// What became of connecting, once the socket is writable; 0, or an `errno`.
    borrowing func connectStatus() -> CInt {
        var status: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &status, &length) == 0 ? status : errno
    }

    /// Puts a command into the output buffer.
    borrowing func append(_ arguments: [RedisArgument]) -> Bool {
        var buffer = RESPBuffer()
        buffer.append(arguments)
        return unsafe buffer.bytes.withUnsafeBytes { raw in
            unsafe redisAppendFormattedCommand(
                context,
                raw.baseAddress?.assumingMemoryBound(to: CChar.self),
                raw.count
            ) == REDIS_OK
        }
    }

    /// Whether bytes are left to send; `nil` when the connection is lost.
    borrowing func flush() -> Bool? {
        var isDone: CInt = 0
        guard unsafe redisBufferWrite(context, &isDone) == REDIS_OK else { return nil }
        return isDone == 0
    }

    /// Takes what has arrived on the socket; `false` when the connection is lost.
    borrowing func consume() -> Bool { unsafe redisBufferRead(context) == REDIS_OK }

    borrowing func next() -> Arrival {
        var raw: UnsafeMutableRawPointer?
        guard unsafe redisGetReplyFromReader(context, &raw) == REDIS_OK else { return .broken }
        guard let raw = unsafe raw else { return .none }
        defer { unsafe freeReplyObject(raw) }
        return .reply(unsafe Self.reply(raw.assumingMemoryBound(to: redisReply.self)))
    }

    private static func reply(_ reply: UnsafeMutablePointer<redisReply>) -> RedisReply {
        var bytes: [UInt8] {
            guard let start = unsafe reply.pointee.str else { return [] }
            return unsafe Array(UnsafeRawBufferPointer(start: start, count: reply.pointee.len))
        }
        switch unsafe reply.pointee.type {
        case REDIS_REPLY_STRING: return .bytes(bytes)
        case REDIS_REPLY_STATUS: return .status(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_ERROR: return .error(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_INTEGER: return unsafe .int(reply.pointee.integer)
        case REDIS_REPLY_ARRAY:
            var elements: [RedisReply] = []
            for index in 0..<(unsafe reply.pointee.elements) {
                if let element = unsafe reply.pointee.element[index] { unsafe elements.append(Self.reply(element)) }
            }
            return .array(elements)
        default: return .null
        }
    }
}
