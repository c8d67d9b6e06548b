import FlotillaHTTPRouting

/// The description of routes by the OpenAPI Specification 3.1.
struct OpenAPIDocument {
    let json: String

    init(_ routes: [Route]) {
        var paths = JSONObject()
        for (path, routes) in Dictionary(grouping: routes, by: \.path.text).sorted(by: { $0.key < $1.key }) {
            var operations = JSONObject()
            for route in routes.sorted(by: { $0.method < $1.method }) {
                operations.add(route.method.lowercased(), json: Self.operation(route))
            }
            paths.add(path, json: operations.closed)
        }
        var document = JSONObject()
        document.add("openapi", "3.1.0")
        document.add(
            "info",
            json: "{\"title\":\"Flotilla Control API\",\"version\":\"1\",\"description\":\(Self.about.json)}"
        )
        document.add("servers", json: "[{\"url\":\"/\"}]")
        document.add("paths", json: paths.closed)
        document.add("components", json: OpenAPIComponents.json)
        json = document.closed
    }

    private static let about = """
        Failures are problems (RFC 9457) for clients whose Accept prefers application/problem+json. Answers to keys tell \
        how much of their rate is left: RateLimit and RateLimit-Policy. Answers over 1 KiB are packed for clients that \
        take gzip, unless they hold codes, links or tokens. Pages of the origins in CORS_ORIGIN may call this API from a \
        browser: their preflights, OPTIONS with Origin and Access-Control-Request-Method, are 204 and need no key.
        """

    private static func operation(_ route: Route) -> String {
        var operation = JSONObject()
        operation.add("summary", route.summary)
        operation.add("operationId", operationID(route))
        let scopes = route.access.scopes.map(\.rawValue)
        if !scopes.isEmpty {
            let list = scopes.map { "`\($0)`" }.joined(separator: " or ")
            operation.add("description", "Needs a key with the scope \(list), or `admin`.")
        }
        // Of schemes that are no OAuth, the list names the roles that are needed.
        operation.add(
            "security",
            jsons: scopes.flatMap { scope in ["bearer", "header"].map { "{\"\($0)\":[\(scope.json)]}" } }
        )
        operation.add("parameters", jsons: parameters(route))
        if let body = route.body {
            operation.add(
                "requestBody",
                json: "{\"required\":true,\"content\":{\"application/json\":{\"schema\":\(schema(of: body))}}}"
            )
        }
        operation.add("responses", json: responses(route))
        return operation.closed
    }

    /// `getApiV1JobsById` for `GET /api/v1/jobs/{id}`.
    private static func operationID(_ route: Route) -> String {
        let words = route.path.text.split { "/{}.-".contains($0) }
        return route.method.lowercased() + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    private static func parameters(_ route: Route) -> [String] {
        route.path.parameters.map { name in
            "{\"name\":\(name.json),\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}"
        } + route.query.all.map { parameter($0, in: "query") } + route.headers.all.map { parameter($0, in: "header") }
    }

    private static func parameter(_ field: any AnyField, in place: String) -> String {
        var object = JSONObject()
        object.add("name", field.name)
        object.add("in", place)
        object.add("required", field.isRequired)
        object.add("description", field.summary)
        object.add("schema", json: field.schema)
        return object.closed
    }

    private static func schema(of body: Fields) -> String {
        var properties = JSONObject()
        for field in body.all {
            // null is as good as leaving a member out that need not be there.
            let schemas =
                field.isRequired ? "\"allOf\":[\(field.schema)]" : "\"anyOf\":[\(field.schema),{\"type\":\"null\"}]"
            properties.add(field.name, json: "{\"description\":\(field.summary.json),\(schemas)}")
        }
        var schema = JSONObject()
        schema.add("type", "object")
        schema.add("additionalProperties", false)
        schema.add("required", jsons: body.all.filter(\.isRequired).map(\.name.json))
        schema.add("properties", json: properties.closed)
        return schema.closed
    }

    private static func responses(_ route: Route) -> String {
        var responses = JSONObject()
        let implied = self.implied(by: route).filter { answer in
            !route.answers.contains { $0.status == answer.status }
        }
        for answer in (route.answers + implied).sorted(by: { $0.status < $1.status }) {
            var object = JSONObject()
            object.add("description", answer.summary)
            object.add("headers", json: OpenAPIComponents.headers(of: answer.status))
            if answer.status >= 400 && answer.schema == nil {
                object.add("content", json: OpenAPIComponents.failure)
            } else if let schema = answer.schema {
                object.add("content", json: "{\"application/json\":{\"schema\":\(envelope(schema))}}")
            }
            responses.add(String(answer.status), json: object.closed)
        }
        return responses.closed
    }

    private static func envelope(_ schema: String) -> String {
        """
        {"type":"object","required":["success","data"],"properties":{"success":{"type":"boolean"},"data":\(schema)}}
        """
    }

    /// What the machinery around a route answers.
    private static func implied(by route: Route) -> [Route.Answer] {
        var answers: [Route.Answer] = [
            .of(429, "More requests of this key or from this address than may be; Retry-After says when to go on.")
        ]
        if route.body != nil {
            answers.append(.of(400, "The body is not JSON."))
            answers.append(.of(413, "The body is too long."))
            answers.append(.of(415, "The body's type is not JSON, not in UTF-8, or compressed."))
        }
        if route.body != nil || !route.query.all.isEmpty || !route.headers.all.isEmpty || route.path.text.contains("{")
        {
            answers.append(.of(422, "The request has mistakes; details names each."))
        }
        if route.access != .open {
            answers.append(.of(401, "There is no valid API key."))
            answers.append(.of(403, "The key lacks the scope."))
            answers.append(.of(503, "Something needed is down, or too busy; Retry-After says when to try again."))
        }
        return answers
    }
}
