/// One operation of the API: what it takes, who may call it, what it answers, and the code that does it.
///
/// `/openapi.json` is made from these declarations, and requests are checked against them.
package struct Route: Sendable {
    typealias Handler = @Sendable (Call) async throws -> HTTPResponse

    enum Access: Sendable, Hashable {
        case open
        case scope(Scope)
    }

    /// An answer, as the description tells of it.
    struct Answer: Sendable {
        let status: Int
        let summary: String
        /// JSON Schema of `data`; `nil` when the answer is not an envelope.
        let schema: String?

        static func of(_ status: Int, _ summary: String, _ schema: String? = nil) -> Self {
            Self(status: status, summary: summary, schema: schema)
        }
    }

    let method: String
    let path: PathPattern
    let access: Access
    let summary: String
    let body: Fields?
    let query: Fields
    let headers: Fields
    let answers: [Answer]
    let handler: Handler

    init(
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

/// One request on its way through a route, with everything read and checked.
struct Call: Sendable {
    let request: HTTPRequest
    let parameters: [String: String]
    let body: FieldValues
    let query: FieldValues
    let headers: FieldValues
    let principal: Principal?
    let correlationID: String

    func parameter(_ name: String) -> String { parameters[name] ?? "" }
}
