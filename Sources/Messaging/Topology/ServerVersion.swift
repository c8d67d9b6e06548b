/// The version of a RabbitMQ server, as far as the topology depends on it.
package struct ServerVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var major: Int
    package var minor: Int
    package var patch: Int

    package init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Reads what a server says of itself: `3.10.8`, `4.0.0-rc.1`, `3.13.7+1.g1a2b3c4`.
    package init?(text: String) {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let major = Int(parts[0]), major >= 0 else { return nil }
        let numbers = parts.dropFirst().map { Int($0.prefix { $0.isASCII && $0.isNumber }) }
        guard let minor = numbers[0] else { return nil }
        self.init(major, minor, numbers.count > 1 ? numbers[1] ?? 0 : 0)
    }

    /// The first with quorum queues that keep dead letters until they are delivered, and that honour a time to live.
    package static let oldestSupported = ServerVersion(3, 10)

    /// From 4.0 on, a quorum queue without a delivery limit has one of 20.
    package var hasDefaultDeliveryLimit: Bool { self >= ServerVersion(4, 0) }

    package var description: String { "\(major).\(minor).\(patch)" }

    package static func < (left: ServerVersion, right: ServerVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}
