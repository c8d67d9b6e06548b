/// Where an HTTP server listens, and what it grants a client.
package struct HTTPServerConfiguration: Sendable {
    /// An IPv4 or IPv6 address; `::` takes both kinds.
    package var host = "127.0.0.1"
    /// `0` takes a free port.
    package var port: UInt16 = 0
    /// Threads that read and write sockets. Handlers run on Swift's own threads.
    package var threads = 2
    /// For a further client the connection is closed that has been waiting for a request for the longest time.
    ///
    /// Less where the process may not have as many descriptors beside ``reservedDescriptors``.
    package var connections = 1_024
    /// Descriptors that the rest of the process needs: for databases, the broker, files.
    package var reservedDescriptors = 160
    /// Connections of one client, by address: an IPv4 address, or 64 bits of an IPv6 address. Further ones are closed.
    package var connectionsPerAddress = 128
    /// Where that does not hold, beside this machine: proxies, which speak for many. What they say of their clients in
    /// `X-Forwarded-For` and `X-Forwarded-Proto` is believed.
    package var trustedAddresses: [AddressRange] = []
    /// A longer body is answered with 413.
    package var bodyLimit = 1 << 20
    /// All the bodies together that are here at a time; a request that would exceed it is answered with 503.
    package var bodyMemory = 64 << 20
    /// What request line and headers have to fit into; longer ones are answered with 414 or 431. A field, a parameter
    /// of the address and a cookie count 64 bytes more.
    package var headLimit = 32 << 10
    /// A request line with its headers has to be complete this long after connecting, or after its first byte.
    package var headTimeout = Duration.seconds(5)
    /// A connection on which nothing happens is closed. Whole seconds.
    package var idleTimeout = Duration.seconds(30)
    /// A body has to be complete, and an answer taken, within this time.
    package var requestTimeout = Duration.seconds(30)
    /// A handler that runs longer is cancelled, and its client answered with 503.
    package var handlerTimeout = Duration.seconds(30)
    /// Answers that are sent piece by piece at a time; a further one is answered with 503.
    package var streams = 200
    /// How much of such an answer may wait for its client. One that takes nothing for ``requestTimeout`` is hung up on.
    package var streamBuffer = 256 << 10
    /// Called for each client that is turned away, from any thread.
    package var onRefusal: @Sendable (HTTPRefusal) -> Void = { _ in }
    /// Called by ``HTTPServer/stop(within:)`` once every request is answered.
    package var onDrained: @Sendable () async -> Void = {}

    package init(host: String = "127.0.0.1", port: UInt16 = 0) {
        self.host = host
        self.port = port
    }

    /// How many connections there is room for if the process may have that many descriptors.
    func room(withDescriptors limit: Int64) -> Int {
        guard limit >= 0 else { return .max }
        return Int(clamping: max(limit - Int64(reservedDescriptors), limit / 4, 1))
    }

    /// How many connections there may be for a moment beyond the limit, so that there is somebody to make room for.
    func spareConnections(in room: Int) -> Int { max(1, min(64, min(connections, room) / 8)) * threads }
}
