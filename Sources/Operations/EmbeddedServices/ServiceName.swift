import FlotillaCommandLineKit

/// The servers that a home can run.
package enum ServiceName: String, CaseIterable, Sendable, Encodable, TextValue {
    case postgres, redis, rabbitmq

    /// The name on the box.
    package var title: String {
        switch self {
        case .postgres: "PostgreSQL"
        case .redis: "Redis"
        case .rabbitmq: "RabbitMQ"
        }
    }

    /// The user that Debian's package made for the server.
    var systemUser: String { rawValue }
}
