/// One operation of the API: what it takes, who may call it, what it answers, and the code that does it.
///
/// `/openapi.json` is made from these declarations, and requests are checked against them.
package struct Route: Sendable {
    package typealias Handler = @Sendable (Call) async throws -> HTTPResponse

    package enum Access: Sendable, Hashable {
        case open
        case scope(Scope)
        /// One of these is enough; the handler looks closer.
        case anyOf([Scope])

        /// Of which one is needed; none of what is open. `admin` is as good as any.
        package var scopes: [Scope] {
            switch self {
            case .open: []
            case .scope(let scope): [scope]
            case .anyOf(let scopes): scopes
            }
        }

        /// - Throws: 403 for a caller that has none of the scopes.
        package func check(_ principal: Principal) throws(APIError) {
            guard self == .open || scopes.contains(where: principal.mayUse) else { throw .forbidden(scopes) }
        }
    }

    /// A response, as the description documents it.
    package struct Answer: Sendable {
        package let status: Int
        package let summary: String
        /// JSON Schema of `data`; `nil` when the answer is not an envelope.
        package let schema: String?
        /// What it is in, where it is no envelope: `text/html`.
        package let mediaType: String?
        /// Whether `Location` says where what was accepted can be followed.
        package let hasLocation: Bool

        package static func of(
            _ status: Int,
            _ summary: String,
            _ schema: String? = nil,
            in mediaType: String? = nil,
            hasLocation: Bool = false
        ) -> Self {
            Self(status: status, summary: summary, schema: schema, mediaType: mediaType, hasLocation: hasLocation)
        }
    }

    package let method: String
    package let path: PathPattern
    package let access: Access
    package let summary: String
    /// More of it, in Markdown; `nil` when the summary says it all.
    package let about: String?
    package let body: Fields?
    /// Its body, where that is lines; ``body`` is `nil` then.
    package let lines: LineBody?
    /// Bodies that it accepts, by name, or lines of one. Each works as it is.
    package let examples: [(name: String, json: String)]
    /// What is in the path, where it is more than text of up to 255 bytes. The handler checks it.
    package let parameters: Fields
    package let query: Fields
    package let headers: Fields
    /// Whether its answers may hold codes, links, tokens or keys. Those are never compressed: with something of the
    /// caller's own beside it, a secret shows in the length of what was packed (BREACH).
    package let holdsSecrets: Bool
    package let answers: [Answer]
    package let handler: Handler

    package init(
        _ method: String,
        _ path: String,
        access: Access,
        summary: String,
        about: String? = nil,
        body: Fields? = nil,
        lines: LineBody? = nil,
        examples: [(name: String, json: String)] = [],
        parameters: Fields = [],
        query: Fields = [],
        headers: Fields = [],
        holdsSecrets: Bool = false,
        answers: [Answer],
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = PathPattern(path)
        self.access = access
        self.summary = summary
        self.about = about
        self.body = body
        self.lines = lines
        self.examples = examples
        self.parameters = parameters
        self.query = query
        self.headers = headers
        self.holdsSecrets = holdsSecrets
        self.answers = answers
        self.handler = handler
    }
}
