import FlotillaOutbound
package import FlotillaPlatform

/// Where Elasticsearch or OpenSearch is, and how the indexes there are called.
package struct ElasticsearchConfiguration: Sendable {
    /// Without user, password and final slash.
    package var url: String
    /// `Authorization: ApiKey …`, in place of a user.
    package var apiKey: Secret?
    package var user: String?
    package var password: Secret?
    /// The name of every index begins with it; a hyphen and the number of its generation follow.
    package var prefix: String
    package var timeout: Duration = .seconds(30)
    package var searchTimeout: Duration = .seconds(5)

    package init(url: String, user: String? = nil, password: Secret? = nil, apiKey: Secret? = nil, prefix: String) {
        self.url = url
        self.user = user
        self.password = password
        self.apiKey = apiKey
        self.prefix = prefix
    }

    func index(_ generation: Int64) -> String { "\(prefix)-\(generation)" }

    /// By which a generation's index is written: it goes with its index, and the engine makes none by itself.
    func alias(_ generation: Int64) -> String { "\(index(generation))-write" }

    func request(_ method: String, _ path: String, _ body: String?, type: String, timeout: Duration) -> HTTPRequest {
        var headers = [HTTPRequest.Header("Accept", "application/json")]
        if body != nil { headers.append(HTTPRequest.Header("Content-Type", type)) }
        var authorization: HTTPRequest.Authorization?
        if let apiKey {
            headers.append(HTTPRequest.Header("Authorization", "ApiKey \(apiKey.revealed)"))
        } else if let user {
            authorization = .basic(user: user, password: password ?? Secret(""))
        }
        return HTTPRequest(
            method,
            url + path,
            headers: headers,
            body: body.map { Array($0.utf8) },
            authorization: authorization,
            timeout: timeout,
            answerLimit: 64 << 20
        )
    }
}
