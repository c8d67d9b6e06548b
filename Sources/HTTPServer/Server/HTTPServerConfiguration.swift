/// Where an HTTP server listens, and what it grants a client.
package struct HTTPServerConfiguration: Sendable {
    /// An IPv4 or IPv6 address; `::` takes both kinds.
    package var host = "127.0.0.1"
    /// `0` takes a free port.
    package var port: UInt16 = 0
    /// Threads that read and write sockets. Handlers run on Swift's own threads.
    package var threads = 2
    /// Further clients wait in the listening queue.
    package var connections = 1_024
    /// A longer body is answered with 413.
    package var bodyLimit = 1 << 20
    /// What request line and headers have to fit into, among other things; longer ones are answered with 414 or 431.
    package var headLimit = 32 << 10
    /// A connection on which nothing happens is closed. Whole seconds.
    package var idleTimeout = Duration.seconds(30)
    /// The next request has to be complete this long after connecting, or after the last answer.
    package var requestTimeout = Duration.seconds(60)
    /// A handler that runs longer is cancelled, and its client answered with 503.
    package var handlerTimeout = Duration.seconds(30)

    package init(host: String = "127.0.0.1", port: UInt16 = 0) {
        self.host = host
        self.port = port
    }
}
