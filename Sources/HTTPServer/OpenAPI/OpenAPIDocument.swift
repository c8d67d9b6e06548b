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
        let tags = Set(routes.map(Self.tag)).sorted()
        document.add("tags", jsons: tags.map { "{\"name\":\($0.json)}" })
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
        operation.add("tags", jsons: [tag(route).json])
        operation.add("summary", route.summary)
        operation.add("operationId", operationID(route))
        let scopes = route.access.scopes.map(\.rawValue)
        let list = scopes.map { "`\($0)`" }.joined(separator: " or ")
        let need = scopes.isEmpty ? nil : "Needs a key with the scope \(list), or `admin`."
        operation.add("description", [route.about, need].compactMap(\.self).joined(separator: "\n\n"))
        // Of schemes that are no OAuth, the list names the roles that are needed.
        operation.add(
            "security",
            jsons: scopes.flatMap { scope in ["bearer", "header"].map { "{\"\($0)\":[\(scope.json)]}" } }
        )
        operation.add("parameters", jsons: parameters(route))
        if let body = route.body {
            var content = JSONObject()
            content.add("schema", json: schema(of: body))
            var examples = JSONObject()
            for example in route.examples { examples.add(example.name, json: "{\"value\":\(example.json)}") }
            content.add("examples", json: route.examples.isEmpty ? nil : examples.closed)
            operation.add(
                "requestBody",
                json: "{\"required\":true,\"content\":{\"application/json\":\(content.closed)}}"
            )
        }
        if route.lines != nil {
            var content = JSONObject()
            let lines = route.examples.map(\.json).joined(separator: "\n")
            content.add("schema", json: #"{"type":"string","description":"A JSON object on each line."}"#)
            content.add("examples", json: lines.isEmpty ? nil : "{\"lines\":{\"value\":\((lines + "\n").json)}}")
            operation.add(
                "requestBody",
                json: "{\"required\":true,\"content\":{\(LineBody.mediaType.json):\(content.closed)}}"
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

    /// What it is about: the first word of its path behind the version.
    private static func tag(_ route: Route) -> String {
        let words = route.path.text.split { "/.".contains($0) }.filter { !["api", "v1"].contains($0) }
        return words.first.map(String.init) ?? "fleet"
    }

    private static func parameters(_ route: Route) -> [String] {
        route.path.parameters.map { name in
            let field = route.parameters.all.first { $0.name == name }
            return parameter(field ?? Field.required(name, .string(), "What it is about."), in: "path")
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
        let required = body.all.filter(\.isRequired).map(\.name.json)
        if !required.isEmpty { schema.add("required", jsons: required) }
        let groups = body.synonyms.map(schema(of:))
        if !groups.isEmpty { schema.add("allOf", jsons: groups) }
        schema.add("properties", json: properties.closed)
        return schema.closed
    }

    /// A choice for each name that may be the one that is read: those before it are missing or null, which is no value.
    private static func schema(of synonyms: Fields.Synonyms) -> String {
        let value = "{\"allOf\":[{\"not\":{\"type\":\"null\"}},\(synonyms.schema)]}"
        var choices = synonyms.names.indices.map { index in
            var properties = JSONObject()
            for name in synonyms.names[..<index] { properties.add(name, json: "{\"type\":\"null\"}") }
            properties.add(synonyms.names[index], json: value)
            return "{\"required\":[\(synonyms.names[index].json)],\"properties\":\(properties.closed)}"
        }
        if !synonyms.isRequired {
            var properties = JSONObject()
            for name in synonyms.names { properties.add(name, json: "{\"type\":\"null\"}") }
            choices.append("{\"properties\":\(properties.closed)}")
        }
        return "{\"anyOf\":[\(choices.joined(separator: ","))]}"
    }

    private static func responses(_ route: Route) -> String {
        var responses = JSONObject()
        let isIdempotent = route.headers.all.contains { $0.name == IdempotencyHeader.name }
        let implied = OpenAPIAnswers.implied(by: route).filter { answer in
            !route.answers.contains { $0.status == answer.status }
        }
        for answer in (route.answers + implied).sorted(by: { $0.status < $1.status }) {
            var object = JSONObject()
            object.add("description", answer.summary)
            object.add("headers", json: OpenAPIComponents.headers(of: answer, isIdempotent: isIdempotent))
            if answer.status >= 400 && answer.schema == nil {
                object.add("content", json: OpenAPIComponents.failure)
            } else if let type = answer.mediaType {
                object.add("content", json: "{\(type.json):{\"schema\":\(answer.schema ?? #"{"type":"string"}"#)}}")
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
}
