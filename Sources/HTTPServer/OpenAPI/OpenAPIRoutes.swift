package import FlotillaHTTPRouting

/// `/openapi.json`, made from the declarations of the routes that the server really has.
package struct OpenAPIRoutes: Sendable {
    private let document: String

    /// - Parameter routes: all the others.
    package init(describing routes: [Route]) {
        document = OpenAPIDocument(routes + [Self.route { _ in HTTPResponse(status: 200) }]).json
    }

    package var routes: [Route] {
        let document = document
        return [Self.route { _ in HTTPResponse(status: 200, json: document) }]
    }

    private static func route(_ handler: @escaping Route.Handler) -> Route {
        Route(
            "GET",
            "/openapi.json",
            access: .scope(.read),
            summary: "This description.",
            answers: [.of(200, "An OpenAPI 3.1 document.", #"{"type":"object"}"#, in: "application/json")],
            handler: handler
        )
    }
}
