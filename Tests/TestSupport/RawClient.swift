import Foundation
import Glibc

/// A TCP connection that sends what it is told, whether that is HTTP or not.
///
/// Unchecked, because a test awaits each call before it makes the next. Reads block threads of their own, not those
/// that the handlers need.
package final class RawClient: @unchecked Sendable {
    package struct Refused: Error {
        package init() {}
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// A read waits up to a minute: a busy machine may leave the server without a processor for long.
    ///
    /// - Parameter source: the address to connect from, one of this machine.
    package init(port: UInt16, from source: String = "127.0.0.1") throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var local = sockaddr_in()
        local.sin_family = sa_family_t(AF_INET)
        let isBound = inet_pton(AF_INET, source, &local.sin_addr) == 1 && Self.call(bind, descriptor, &local)
        // The descriptor is closed by `deinit`, which runs after a throw as well.
        guard isBound, Self.call(connect, descriptor, &address) else { throw Refused() }
    }

    deinit { close(descriptor) }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32,
        _ descriptor: Int32,
        _ address: inout sockaddr_in
    ) -> Bool {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// False once the server has hung up.
    @discardableResult
    package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Everything until the server hangs up.
    package func readToEnd() async -> String {
        await offPool {
            while self.fill() {}
            return String(decoding: self.buffer, as: UTF8.self)
        }
    }

    /// One answer by its Content-Length, head and body; `nil` when the server hangs up before its end.
    ///
    /// - Parameter toHead: whether the request was HEAD, whose answer has a length and no body.
    package func response(toHead: Bool = false) async -> Response? {
        await offPool { self.readResponse(toHead: toHead) }
    }

    /// One answer with its body as bytes, which need not be text.
    package func bytes() async -> (head: String, body: [UInt8])? {
        await offPool {
            guard let (response, body) = self.read(toHead: false) else { return nil }
            return (response.head, body)
        }
    }

    /// The head of an answer alone; `nil` when the server hangs up before its end.
    package func head() async -> Response? { await response(toHead: true) }

    /// The next chunk of a body: empty at its end, `nil` when the server hangs up.
    package func chunk() async -> String? {
        await offPool {
            while true {
                if let end = self.buffer.firstRange(of: Array("\r\n".utf8)),
                    let size = Int(String(decoding: self.buffer[..<end.lowerBound], as: UTF8.self), radix: 16)
                {
                    let last = end.upperBound + size
                    while self.buffer.count < last + 2 { guard self.fill() else { return nil } }
                    let text = String(decoding: self.buffer[end.upperBound..<last], as: UTF8.self)
                    self.buffer.removeFirst(last + 2)
                    return text
                }
                guard self.fill() else { return nil }
            }
        }
    }

    private func readResponse(toHead: Bool) -> Response? {
        guard let (response, body) = read(toHead: toHead) else { return nil }
        var whole = response
        whole.body = String(decoding: body, as: UTF8.self)
        return whole
    }

    private func read(toHead: Bool) -> (Response, [UInt8])? {
        while true {
            if let blank = buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                let response = Response(head: String(decoding: buffer[..<blank.lowerBound], as: UTF8.self))
                let length = toHead ? 0 : Int(response.header("Content-Length") ?? "") ?? 0
                let end = blank.upperBound + length
                while buffer.count < end { guard fill() else { return nil } }
                let body = Array(buffer[blank.upperBound..<end])
                buffer.removeFirst(end)
                return (response, body)
            }
            guard fill() else { return nil }
        }
    }

    private func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        var count = 0
        repeat { count = recv(descriptor, &chunk, chunk.count, 0) } while count < 0 && errno == EINTR
        guard count > 0 else { return false }
        buffer += chunk[..<count]
        return true
    }
}

/// An HTTP answer: its head without the blank line, and its body.
package struct Response: Sendable {
    package let head: String
    package var body = ""

    init(head: String) { self.head = head }

    package var status: Int { Int(head.split(separator: " ", maxSplits: 2).dropFirst().first ?? "") ?? 0 }

    package func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                return String(parts[1].drop { $0 == " " })
            }
        }
        return nil
    }
}
