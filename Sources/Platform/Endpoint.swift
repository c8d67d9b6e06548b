import Glibc

/// Where a server listens.
package enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    case unix(path: String)
    case tcp(host: String, port: Int)

    /// The longest path of a Unix socket, in bytes.
    package static let longestSocketPath = 107

    package var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// Says `greeting` and collects the answer until `isComplete`, the server hangs up, or `timeout` has passed.
    ///
    /// It runs on a thread of its own: looking up a name blocks.
    package func ask(
        _ greeting: [UInt8],
        timeout: Duration = .seconds(2),
        until isComplete: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws -> [UInt8] {
        let thread = ThreadExecutor(name: "ask")
        defer { thread.stop() }
        return try await withCheckedThrowingContinuation { continuation in
            thread.run {
                continuation.resume(with: Result { try exchange(greeting, by: .now + timeout, until: isComplete) })
            }
        }
    }

    /// Whether this port of the loopback interface can be listened on.
    package static func isFree(loopbackPort port: Int) -> Bool {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var reuse: CInt = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private func exchange(
        _ greeting: [UInt8],
        by deadline: ContinuousClock.Instant,
        until isComplete: ([UInt8]) -> Bool
    ) throws(SystemError) -> [UInt8] {
        let descriptor = try connected(by: deadline)
        defer { close(descriptor) }
        var rest = greeting[...]
        while !rest.isEmpty {
            try wait(descriptor, for: POLLOUT, by: deadline)
            let count = unsafe rest.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, noSignal) }
            guard count > 0 else { throw SystemError("write to \(self)") }
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while !isComplete(answer) {
            try wait(descriptor, for: POLLIN, by: deadline)
            let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
            guard count >= 0 else { throw SystemError("read from \(self)") }
            if count == 0 { break }
            answer += chunk.prefix(count)
        }
        return answer
    }

    private var noSignal: CInt { CInt(MSG_NOSIGNAL) }

    private func wait(_ descriptor: CInt, for event: CInt, by deadline: ContinuousClock.Instant) throws(SystemError) {
        while true {
            let left = (deadline - .now) / Duration.milliseconds(1)
            guard left > 0 else { throw SystemError("wait for \(self)", code: ETIMEDOUT) }
            var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            if unsafe poll(&entry, 1, CInt(clamping: Int(left) + 1)) > 0 { return }
        }
    }

    private func connected(by deadline: ContinuousClock.Instant) throws(SystemError) -> CInt {
        switch self {
        case .unix(let path):
            guard path.utf8.count <= Self.longestSocketPath else {
                throw SystemError("connect to \(self)", code: ENAMETOOLONG)
            }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
            return try unsafe withUnsafePointer(to: &address) { pointer throws(SystemError) in
                let size = socklen_t(MemoryLayout<sockaddr_un>.size)
                let general = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
                return try unsafe open(AF_UNIX, general, size, by: deadline)
            }
        case .tcp(let host, let port):
            var hints = unsafe addrinfo()
            unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
            var found: UnsafeMutablePointer<addrinfo>?
            let status = unsafe getaddrinfo(host, String(port), &hints, &found)
            defer { unsafe freeaddrinfo(found) }
            guard status == 0 else { throw SystemError("look up \(host)", code: EHOSTUNREACH) }
            var failure = SystemError("connect to \(self)", code: EHOSTUNREACH)
            var next = unsafe found
            while let candidate = unsafe next {
                do throws(SystemError) {
                    let family = unsafe candidate.pointee.ai_family
                    let size = unsafe candidate.pointee.ai_addrlen
                    return try unsafe open(family, candidate.pointee.ai_addr, size, by: deadline)
                } catch {
                    failure = error
                }
                unsafe next = candidate.pointee.ai_next
            }
            throw failure
        }
    }

    private func open(
        _ family: CInt,
        _ address: UnsafePointer<sockaddr>,
        _ size: socklen_t,
        by deadline: ContinuousClock.Instant
    ) throws(SystemError) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        do throws(SystemError) {
            if unsafe connect(descriptor, address, size) != 0 {
                guard errno == EINPROGRESS else { throw SystemError("connect to \(self)") }
                try wait(descriptor, for: POLLOUT, by: deadline)
                var code: CInt = 0
                var length = socklen_t(4)
                unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
                guard code == 0 else { throw SystemError("connect to \(self)", code: code) }
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }
}
