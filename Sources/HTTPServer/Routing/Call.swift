/// One request on its way through a route, with everything read and checked.
package struct Call: Sendable {
    package let request: HTTPRequest
    package let parameters: [String: String]
    package let body: FieldValues
    package let query: FieldValues
    package let headers: FieldValues
    package let principal: Principal?
    package let correlationID: String

    package init(
        request: HTTPRequest,
        parameters: [String: String],
        body: FieldValues,
        query: FieldValues,
        headers: FieldValues,
        principal: Principal?,
        correlationID: String
    ) {
        self.request = request
        self.parameters = parameters
        self.body = body
        self.query = query
        self.headers = headers
        self.principal = principal
        self.correlationID = correlationID
    }

    package func parameter(_ name: String) -> String { parameters[name] ?? "" }
}
