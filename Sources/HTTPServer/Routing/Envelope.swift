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

    package static func failure(_ error: APIError, correlationID: String) -> HTTPResponse {
        var inner = JSONObject()
        inner.add("code", error.code)
        inner.add("message", error.message)
        inner.add(
            "details",
            jsons: error.details.map { detail in
                var object = JSONObject()
                object.add("field", detail.field)
                object.add("message", detail.message)
                return object.closed
            }
        )
        var outer = JSONObject()
        outer.add("success", false)
        outer.add("error", json: inner.closed)
        outer.add("correlationId", correlationID)
        var headers = HTTPHeaders()
        for (name, value) in error.headers.sorted(by: { $0.key < $1.key }) { headers.add(name, value) }
        if let seconds = error.retryAfter { headers.add("Retry-After", String(seconds)) }
        var response = HTTPResponse(status: error.status, json: outer.closed, headers: headers)
        response.finish(correlationID: correlationID)
        return response
    }
}

extension HTTPResponse {
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
