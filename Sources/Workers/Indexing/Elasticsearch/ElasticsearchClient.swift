import FlotillaModels
package import FlotillaOutbound
package import Workers

/// Talks to the search engine, and tells an engine that can't answer from one that says no.
package struct ElasticsearchClient: Sendable {
    let configuration: ElasticsearchConfiguration
    private let http: HTTPClient

    /// - Parameter http: who makes its engine closes it.
    package init(_ configuration: ElasticsearchConfiguration, _ http: HTTPClient) {
        self.configuration = configuration
        self.http = http
    }

    /// Sends JSON and reads JSON.
    ///
    /// - Throws: `DependencyOutage` when the engine is not there, overloaded, or does not know us.
    func send(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        type: String = "application/json",
        timeout: Duration? = nil
    ) async throws -> ElasticsearchResponse {
        let request = configuration.request(method, path, body, type: type, timeout: timeout ?? configuration.timeout)
        let answer: HTTPClientResponse
        do {
            answer = try await http.send(request)
        } catch {
            if error.code == .cancelled { throw CancellationError() }
            throw DependencyOutage(.search, reason: "\(error)")
        }
        let json = answer.body.isEmpty ? JSONValue.null : (try? JSONValue(answer.body)) ?? .null
        switch answer.status {
        case 401, 403, 429, 500...:
            throw DependencyOutage(
                .search,
                reason: "\(method) \(path): \(ElasticsearchResponse.reason(json, answer.status))"
            )
        default: return ElasticsearchResponse(status: answer.status, json: json)
        }
    }

    /// Whether it answers at all, and knows us.
    package func isReachable() async -> Bool {
        ((try? await send("GET", "/", timeout: .seconds(3)))?.status ?? 0) == 200
    }
}

extension Dependency {
    /// The search engine, where there is one beside Postgres.
    package static let search = Dependency("search")
}
