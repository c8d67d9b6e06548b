import FlotillaMessaging
import FlotillaPlatform
import Foundation
import Glibc

/// A client that writes frames as it pleases, for what no library would send.
struct RawPublisher {
    private let descriptor: CInt

    init(_ configuration: RabbitMQConfiguration) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(configuration.port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw POSIXError(.ECONNREFUSED) }
        send([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1])
        receive()
        let login = "\0\(configuration.user)\0\(configuration.password.revealed)"
        method(0, 10, 11, long([]) + short("PLAIN") + long(Array(login.utf8)) + short("en_US"))
        receive()
        method(0, 10, 31, [0, 1, 0, 2, 0, 0, 0, 0])
        method(0, 10, 40, short(configuration.virtualHost) + short("") + [0])
        receive()
        method(1, 20, 10, short(""))
        receive()
    }

    /// Publishes a body with an encoded header table, without looking at either, and waits until the broker has it.
    func publish(to queue: String, headers: [UInt8], body: [UInt8]) {
        method(1, 60, 40, [0, 0] + short("") + short(queue) + [0])
        let size = (0..<8).map { UInt8(truncatingIfNeeded: body.count >> (56 - 8 * $0)) }
        frame(2, 1, [0, 60, 0, 0] + size + [0x30, 0x00] + long(headers) + [2])
        if !body.isEmpty { frame(3, 1, body) }
        // An answer to anything says that everything before has been taken.
        method(1, 60, 10, [0, 0, 0, 0, 0, 0, 0])
        receive()
    }

    func close() { Glibc.close(descriptor) }

    private func short(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

    private func long(_ bytes: [UInt8]) -> [UInt8] { big(bytes.count) + bytes }

    private func big(_ number: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    private func method(_ channel: UInt8, _ type: UInt8, _ id: UInt8, _ arguments: [UInt8]) {
        frame(1, channel, [0, type, 0, id] + arguments)
    }

    private func frame(_ type: UInt8, _ channel: UInt8, _ payload: [UInt8]) {
        send([type, 0, channel] + big(payload.count) + payload + [0xce])
    }

    private func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let more = bytes.withUnsafeBytes { raw in
                Glibc.send(
                    descriptor,
                    raw.baseAddress.map { $0 + sent },
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard more > 0 else { return }
            sent += more
        }
    }

    private func receive() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        _ = recv(descriptor, &buffer, buffer.count, 0)
    }
}
