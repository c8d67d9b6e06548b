/// Failures as RFC 9457 has them, for clients that prefer `application/problem+json`.
enum Problem {
    private static let type = "application/problem+json"

    /// Whether the client of a request takes this rather than our envelope. At equal weights it does: who names it knows
    /// it, and successes are never of this type.
    static func isPreferred(by request: HTTPRequest) -> Bool {
        guard let first = request.headers["Accept"], !first.isEmpty else { return false }
        let accepted = WeightedValues(request.headers.list("Accept"))
        guard let weight = accepted.weight(of: type), weight > 0 else { return false }
        return weight >= accepted.weight(of: "application/json", "application/*", "*/*") ?? 0
    }

    static func response(_ error: APIError, correlationID: String, path: String) -> HTTPResponse {
        var problem = JSONObject()
        problem.add("type", "urn:problem-type:flotilla:\(error.code)")
        problem.add("title", title(of: error.code))
        problem.add("status", error.status)
        problem.add("detail", error.message)
        problem.add("instance", path)
        problem.add("code", error.code)
        problem.add("correlationId", correlationID)
        problem.add("errors", jsons: error.details.map(\.json))
        var response = HTTPResponse(status: error.status, body: Array(problem.closed.utf8))
        response.headers.add("Content-Type", type)
        return response
    }

    /// `Validation failed` of `validation_failed`: the same for all failures of a type.
    private static func title(of code: String) -> String {
        let words = code.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
