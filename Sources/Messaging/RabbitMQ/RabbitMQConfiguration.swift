package import FlotillaPlatform

/// How to reach a broker. Printing it shows no password.
package struct RabbitMQConfiguration: Sendable, Hashable {
    package struct TLS: Sendable, Hashable {
        /// The authorities to trust, in PEM; Debian's own by default.
        package var authorities = "/etc/ssl/certs/ca-certificates.crt"
        /// The client's certificate and key, in PEM, for brokers that ask for one.
        package var certificate: String?
        package var key: String?

        package init() {}
    }

    package var host = "localhost"
    package var port = 5672
    package var virtualHost = "/"
    package var user = "guest"
    package var password = Secret("guest")
    /// `nil` is plaintext. The broker's certificate and name are always verified, with TLS 1.2 or later.
    package var tls: TLS?
    /// Shown by the broker's tools; each connection adds its own part.
    package var connectionName = "flotilla"
    /// Whole seconds; zero turns heartbeats off. A silent broker is noticed within two of them.
    package var heartbeat = Duration.seconds(10)
    /// For the socket and the handshake together.
    package var connectTimeout = Duration.seconds(5)
    /// How long the answer to one request may take.
    package var requestTimeout = Duration.seconds(20)
    /// The largest frame to agree on, in bytes. Headers fit one frame, and librabbitmq takes nested ones apart by
    /// recursion: more than the default could exhaust a thread's stack.
    package var maximumFrameSize = 131_072
    /// How many messages may be unconfirmed at a time on one publisher.
    package var confirmWindow = 1_000
    /// How long a publish waits while there is no connection, or while the broker has blocked it.
    package var publishTimeout = Duration.seconds(10)
    /// The wait between attempts to connect: from `base`, doubled up to `cap`, jittered.
    package var backoff = Backoff(base: .milliseconds(100), cap: .seconds(3))
    /// Hosts that may be reached without TLS though they are not this machine.
    package var plaintextHosts: Set<String> = []

    package init() {}

    /// What can't work or is not safe, each as one sentence; empty when all is well.
    package func validate() -> [String] {
        var problems: [String] = []
        if tls == nil, !Self.isLoopback(host), !plaintextHosts.contains(host) {
            problems.append("plaintext to \(host) is refused: use amqps://, or allow the host by name")
        }
        if !(1...65_535).contains(port) { problems.append("port \(port) is not between 1 and 65535") }
        if !(4_096...131_072).contains(maximumFrameSize) {
            problems.append("a frame size of \(maximumFrameSize) is not between 4096 and 131072 bytes")
        }
        if !(1...65_535).contains(confirmWindow) {
            problems.append("a confirm window of \(confirmWindow) is not between 1 and 65535")
        }
        return problems
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}

extension RabbitMQConfiguration: CustomStringConvertible {
    package var description: String {
        "\(tls == nil ? "amqp" : "amqps")://\(user)@\(host):\(port)/\(virtualHost == "/" ? "" : virtualHost)"
    }
}
