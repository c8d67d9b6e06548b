import FlotillaHTTPRouting

/// A request that was answered 401 or 403: for want of a key, of a scope, or of a right within it.
package struct DeniedRequest: Sendable, Hashable {
    package let status: Int
    /// The code of the answer: `unauthorized`, `forbidden`.
    package let reason: String
    /// Who it was; `nil` of somebody who has not shown who it is.
    package let caller: String?
    /// The id of the key that was sent, valid or not, where it has the form of one.
    package let keyID: String?
    /// Method and path pattern.
    package let route: String
    package let address: String?
    /// Whom the address counts for in limits and tallies: itself, or 64 bits of an IPv6 address.
    package let client: String?
    package let correlationID: String

    package init(
        status: Int,
        reason: String,
        caller: String?,
        keyID: String? = nil,
        route: String,
        address: String?,
        client: String? = nil,
        correlationID: String = ""
    ) {
        self.status = status
        self.reason = reason
        self.caller = caller
        self.keyID = keyID
        self.route = route
        self.address = address
        self.client = client ?? address
        self.correlationID = correlationID
    }

    /// - Returns: `nil` for an error of another kind. What a company's plan leaves out is no question of rights.
    init?(_ error: APIError, _ request: HTTPRequest, _ path: PathPattern?, _ correlationID: String) {
        guard error.status == 401 || error.status == 403, error.code != "not_in_plan", let path else { return nil }
        self.init(
            status: error.status,
            reason: error.code,
            caller: error.caller,
            keyID: Authenticator.keyID(of: request),
            route: "\(request.method) \(path.text)",
            address: request.client?.description,
            client: request.client?.client.description,
            correlationID: correlationID
        )
    }
}
