/// From whom, and by which way, the API has taken something in: what the server itself has seen, or a proxy that it trusts, never what a request says.
package struct ReceivedFrom: Sendable, Hashable {
    /// The caller: `key:3f9a0c11d2e4`, `token:<iss>#<sub>`; `anonymous` on an open route, `user:<name>` for a user of the broker.
    package var by: String
    /// Method and path pattern: `POST /api/v1/events`. `nil` for what came over AMQP.
    package var route: String?
    /// Of the connection; behind a trusted proxy the client's, as the proxy tells it.
    package var address: String?
    /// Microseconds since 1970, in whole milliseconds; `nil` for what came over AMQP.
    package var at: Int64?
    /// The id that the caller gave to what it sent, where that is not the message's own.
    package var id: String?

    package init(by: String, route: String? = nil, address: String? = nil, at: Int64? = nil, id: String? = nil) {
        self.by = by
        self.route = route
        self.address = address
        self.at = at.map { $0 - $0 % 1_000 }
        self.id = id
    }

    /// Who has not said who it is.
    package static let anonymous = "anonymous"

    /// A user that the broker has checked.
    package static func user(_ name: String) -> Self { Self(by: "user:\(name)") }
}
