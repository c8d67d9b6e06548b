import Foundation
import Glibc
import Synchronization

/// Stands between a client and the broker, and can be cut, frozen, or made to say things of its own.
final class TCPProxy: Sendable {
    private struct State {
        var clients: [CInt] = []
        var servers: [CInt] = []
        var isFrozen = false
        var accepted = 0
        var forwarded = 0
    }

    let port: Int
    private let listener: CInt
    private let state = Mutex(State())

    /// Forwards connections on a free port of this machine to `target` on this machine.
    init(to target: Int) throws {
        let opened = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(0)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(opened, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0, listen(opened, 16) == 0 else { throw POSIXError(.EADDRINUSE) }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(opened, $0, &length) }
        }
        listener = opened
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in accept(to: target) }
    }

    /// How many connections have been made to it.
    var accepted: Int { state.withLock(\.accepted) }

    /// How many bytes have gone through it.
    var forwarded: Int { state.withLock(\.forwarded) }

    /// Ends every connection.
    func cut() {
        state.withLock { state in
            for descriptor in state.clients + state.servers { shutdown(descriptor, 2) }
        }
    }

    /// Forwards nothing any more, in either direction, and tells nobody: a black hole.
    func freeze() { state.withLock { $0.isFrozen = true } }

    func thaw() { state.withLock { $0.isFrozen = false } }

    /// Sends bytes to every client as if the broker had.
    func inject(_ bytes: [UInt8]) {
        state.withLock { state in
            for client in state.clients { _ = Glibc.send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
        }
    }

    func close() {
        shutdown(listener, 2)
        cut()
    }

    private func accept(to target: Int) {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            state.withLock { $0.accepted += 1 }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = Self.loopback(target)
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard status == 0 else {
                Glibc.close(client)
                Glibc.close(server)
                continue
            }
            state.withLock { state in
                state.clients.append(client)
                state.servers.append(server)
            }
            Thread.detachNewThread { [self] in pump(client, server) }
            Thread.detachNewThread { [self] in pump(server, client) }
        }
    }

    private func pump(_ source: CInt, _ target: CInt) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            while state.withLock(\.isFrozen) { usleep(2_000) }
            guard count > 0 else { break }
            state.withLock { $0.forwarded += count }
            var sent = 0
            while sent < count {
                let more = buffer.withUnsafeBytes { bytes in
                    Glibc.send(target, bytes.baseAddress.map { $0 + sent }, count - sent, Int32(MSG_NOSIGNAL))
                }
                guard more > 0 else { break }
                sent += more
            }
        }
        // The descriptors stay open until the test process ends: another thread may still use the numbers.
        shutdown(target, 2)
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        return address
    }
}
