/// An answer, before the server adds what every answer has.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// What makes the body while it is being sent; `nil` when ``body`` is all of it.
    package var stream: HTTPStream?

    package init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(status: Int, json: String, headers: HTTPHeaders = HTTPHeaders()) {
        self.init(status: status, headers: headers, body: Array(json.utf8))
        self.headers.add("Content-Type", "application/json; charset=utf-8")
    }

    package init(status: Int = 200, text: String, type: String = "text/plain; charset=utf-8") {
        self.init(status: status, body: Array(text.utf8))
        headers.add("Content-Type", type)
    }
}
