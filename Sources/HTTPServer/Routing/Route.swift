/// One operation of the API: what it takes, who may call it, what it answers, and the code that does it.
///
/// `/openapi.json` is made from these declarations, and requests are checked against them.
package struct Route: Sendable {
    package typealias Handler = @Sendable (Call) async throws -> HTTPResponse

    package enum Access: Sendable, Hashable {
        case open
        case scope(Scope)
    }

    /// A response, as the description documents it.
    package struct Answer: Sendable {
        package let status: Int
        package let summary: String
        /// JSON Schema of `data`; `nil` when the answer is not an envelope.
        package let schema: String?

        package static func of(_ status: Int, _ summary: String, _ schema: String? = nil) -> Self {
            Self(status: status, summary: summary, schema: schema)
        }
    }

    package let method: String
    package let path: PathPattern
    package let access: Access
    package let summary: String
    package let body: Fields?
    package let query: Fields
    package let headers: Fields
    package let answers: [Answer]
    package let handler: Handler

    package init(
        _ method: String,
        _ path: String,
        access: Access,
        summary: String,
        body: Fields? = nil,
        query: Fields = [],
        headers: Fields = [],
        answers: [Answer],
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = PathPattern(path)
        self.access = access
        self.summary = summary
        self.body = body
        self.query = query
        self.headers = headers
        self.answers = answers
        self.handler = handler
    }
}
