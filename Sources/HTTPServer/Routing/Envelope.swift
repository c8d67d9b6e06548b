/// The shape of every JSON answer.
package enum Envelope {
    /// - Parameter data: JSON text.
    package static func success(_ data: String, status: Int = 200, headers: HTTPHeaders = HTTPHeaders()) -> HTTPResponse
    {
        HTTPResponse(status: status, json: "{\"success\":true,\"data\":\(data)}", headers: headers)
    }

    /// - Parameter nextCursor: for the next page; `nil` on the last.
    package static func page(_ items: [String], nextCursor: String?) -> HTTPResponse {
        var data = JSONObject()
        data.add("items", jsons: items)
        data.add("nextCursor", json: nextCursor.map(\.json) ?? "null")
        return success(data.closed)
    }

    /// A failure, as the request's client prefers it: in our envelope, or as a problem (RFC 9457).
    ///
    /// - Parameter request: `nil` when its head could not be read.
    package static func failure(
        _ error: APIError,
        correlationID: String,
        to request: HTTPRequest? = nil
    ) -> HTTPResponse {
        var response: HTTPResponse
        if let request, Problem.isPreferred(by: request) {
            response = Problem.response(error, correlationID: correlationID, path: request.path)
        } else {
            response = HTTPResponse(status: error.status, json: envelope(error, correlationID))
        }
        for (name, value) in error.headers.sorted(by: { $0.key < $1.key }) { response.headers.add(name, value) }
        if let seconds = error.retryAfter { response.headers.add("Retry-After", String(seconds)) }
        response.vary("Accept")
        response.finish(correlationID: correlationID)
        return response
    }

    private static func envelope(_ error: APIError, _ correlationID: String) -> String {
        var outer = JSONObject()
        outer.add("success", false)
        outer.add("error", json: error.json)
        outer.add("correlationId", correlationID)
        return outer.closed
    }
}

extension APIError {
    /// What the answer says of it.
    package var json: String {
        var object = JSONObject()
        object.add("code", code)
        object.add("message", message)
        object.add("details", jsons: details.map(\.json))
        return object.closed
    }
}

extension APIError.Detail {
    var json: String {
        var object = JSONObject()
        object.add("field", field)
        object.add("message", message)
        return object.closed
    }
}

extension HTTPResponse {
    /// Says that the answer depends on a header field of the request.
    package mutating func vary(_ field: String) { headers.add(toList: "Vary", field) }

    /// Adds what every answer carries.
    package mutating func finish(correlationID: String) {
        headers.add(CorrelationID.header, correlationID)
        headers.add("X-Content-Type-Options", "nosniff")
        headers.add("X-Frame-Options", "DENY")
        headers.add("Referrer-Policy", "no-referrer")
        if headers["Content-Security-Policy"] == nil {
            headers.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        }
        headers.add("Cross-Origin-Resource-Policy", "same-origin")
        if headers["Cache-Control"] == nil { headers.add("Cache-Control", "no-store") }
    }
}
