import FlotillaPlatform
import Glibc

/// Looks names up as the system does.
package enum HostLookup {
    /// All addresses of the host, without repeats; empty when it has none, or can't be looked up.
    ///
    /// The look-up blocks a thread of its own, for as long as the system's resolver takes.
    package static func addresses(of host: String) async -> [IPAddress] {
        let thread = ThreadExecutor(name: "look-up")
        let found = await withCheckedContinuation { continuation in
            thread.run { continuation.resume(returning: lookUp(host)) }
        }
        thread.stop()
        return found
    }

    private static func lookUp(_ host: String) -> [IPAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
        defer { unsafe freeaddrinfo(first) }
        var found: [IPAddress] = []
        var next = unsafe first
        while let entry = unsafe next {
            if let raw = unsafe entry.pointee.ai_addr, let address = unsafe IPAddress(raw), !found.contains(address) {
                found.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return found
    }
}
