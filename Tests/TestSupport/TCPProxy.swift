import Foundation
import Glibc
import Synchronization

/// A port of this machine that leads to a server: it can be cut, frozen, led elsewhere, or made to say things of its own.
package final class TCPProxy: Sendable {
    package enum Target: Sendable {
        /// A port of this machine.
        case port(Int)
        /// The path of a Unix socket.
        case socket(String)
    }

    private struct State {
        var target: Target
        var clients: [CInt] = []
        var servers: [CInt] = []
        /// Which of the descriptors belong to connections that swallow everything for ever.
        var dead: Set<CInt> = []
        var isFrozen = false
        var accepted = 0
        var forwarded = 0
    }

    package let port: Int
    private let listener: CInt
    private let state: Mutex<State>

    /// Forwards connections on a free port.
    package init(to target: Target) throws {
        let opened = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(opened, generic, length) == 0, listen(opened, 64) == 0 else { return CInt(-1) }
                return getsockname(opened, generic, &length)
            }
        }
        guard status == 0 else { throw TestSetupError(description: "no port to listen on: \(errno)") }
        listener = opened
        port = Int(UInt16(bigEndian: address.sin_port))
        state = Mutex(State(target: target))
        Thread.detachNewThread { [self] in accept() }
    }

    /// How many connections have been made to it.
    package var accepted: Int { state.withLock(\.accepted) }

    /// How many bytes have gone through it.
    package var forwarded: Int { state.withLock(\.forwarded) }

    /// Leads connections made from now on to another server; those that are open stay where they are.
    package func lead(to target: Target) { state.withLock { $0.target = target } }

    /// Ends every connection.
    package func cut() {
        state.withLock { state in
            for descriptor in state.clients + state.servers { shutdown(descriptor, CInt(SHUT_RDWR)) }
        }
    }

    /// Forwards nothing any more, in either direction, of the connections that are open and of new ones: a black hole.
    package func freeze() { state.withLock { $0.isFrozen = true } }

    package func thaw() { state.withLock { $0.isFrozen = false } }

    /// Swallows everything of the connections that are open now; new ones are forwarded.
    package func freezeOpen() { state.withLock { $0.dead.formUnion($0.clients + $0.servers) } }

    /// Sends bytes to every client as if the server had.
    package func inject(_ bytes: [UInt8]) {
        state.withLock { state in
            for client in state.clients { _ = Glibc.send(client, bytes, bytes.count, CInt(MSG_NOSIGNAL)) }
        }
    }

    package func close() {
        shutdown(listener, CInt(SHUT_RDWR))
        cut()
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            let target = state.withLock { state in
                state.accepted += 1
                return state.target
            }
            guard let server = Self.connect(to: target) else {
                Glibc.close(client)
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
            while state.withLock({ $0.isFrozen && !$0.dead.contains(source) }) { usleep(2_000) }
            guard count > 0 else { break }
            let isDead = state.withLock { state in
                guard !state.dead.contains(source) else { return true }
                state.forwarded += count
                return false
            }
            if isDead { continue }
            var sent = 0
            while sent < count {
                let more = buffer.withUnsafeBytes { bytes in
                    Glibc.send(target, bytes.baseAddress.map { $0 + sent }, count - sent, CInt(MSG_NOSIGNAL))
                }
                guard more > 0 else { break }
                sent += more
            }
        }
        // The descriptors stay open until the test process ends: another thread may still use the numbers.
        shutdown(target, CInt(SHUT_RDWR))
    }

    private static func connect(to target: Target) -> CInt? {
        let opened: CInt
        let status: CInt
        switch target {
        case .port(let port):
            opened = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            status = connect(opened, loopback(port))
        case .socket(let path):
            opened = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1)) }
            status = connect(opened, address)
        }
        guard status == 0 else {
            Glibc.close(opened)
            return nil
        }
        return opened
    }

    private static func connect<Address>(_ descriptor: CInt, _ address: Address) -> CInt {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        return address
    }
}
