import FlotillaHTTPRouting
import FlotillaModules

/// `/asyncapi.json`, made from the descriptions of events and jobs.
struct AsyncAPIRoutes: Sendable {
    private let document: String

    init(_ context: APIContext) { document = AsyncAPIDocument(context.messages, context.topology).json }

    var routes: [Route] {
        let document = document
        return [
            Route(
                "GET",
                "/asyncapi.json",
                access: .anyOf([.read, .enqueue]),
                summary: "The events and jobs that the fleet takes and publishes.",
                answers: [.of(200, "An AsyncAPI 3.0 document.", #"{"type":"object"}"#, in: "application/json")]
            ) { _ in HTTPResponse(status: 200, json: document) }
        ]
    }
}
