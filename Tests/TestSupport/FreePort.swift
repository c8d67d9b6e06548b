import Glibc

/// A port that nobody listens on.
package enum FreePort {
    /// Below those from which the kernel takes the ports of clients (`ip_local_port_range`): one of them would be somebody's by
    /// the time that it is listened on.
    private static let candidates: ClosedRange<UInt16> = 20_000...31_999

    package static func find() throws -> UInt16 {
        for _ in 0..<200 {
            let port = UInt16.random(in: candidates)
            if isFree(port) { return port }
        }
        throw TestSetupError(description: "no free port")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
