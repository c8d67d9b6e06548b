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

struct ElasticsearchResponse: Sendable {
    static let indexNotFound = "index_not_found_exception"

    let status: Int
    let json: JSONValue

    /// - Throws: `IndexError` for an answer that is no success.
    func checked(_ operation: String) throws -> JSONValue {
        guard (200..<300).contains(status) else {
            throw IndexError(code: .refused, operation: operation, detail: Self.reason(json, status))
        }
        return json
    }

    static func reason(_ json: JSONValue, _ status: Int) -> String {
        let error = json["error"]
        let text = error?["reason"]?.text ?? error?.text ?? ""
        let type = error?["type"]?.text.map { "\($0): " } ?? ""
        return "status \(status) \(type)\(text.prefix(300))"
    }
}

extension Dependency {
    /// The search engine, where there is one beside Postgres.
    package static let search = Dependency("search")
}

/// Why the index could not be changed or read as asked.
package struct IndexError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The engine will not take this, on no other try either.
        case refused
        /// A search took too long.
        case timeout
        /// The engine can't answer now.
        case unavailable
    }

    package let code: Code
    package let operation: String
    package let detail: String

    package var description: String { "\(operation): \(detail)" }
}
