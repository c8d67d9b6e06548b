import FlotillaCommandLineKit
import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules

/// `/api/v1/schemas`: what events and jobs may hold, who sends them, and which queues take them.
struct SchemaRoutes: Sendable {
    private let messages: MessageCatalog
    private let topology: Topology

    init(_ context: APIContext) {
        messages = context.messages
        topology = context.topology
    }

    var routes: [Route] {
        [
            Route(
                "GET",
                "/api/v1/schemas",
                access: .anyOf([.read, .enqueue]),
                summary: "Every event and job type that is described, by name.",
                answers: [.of(200, "All of them.", Schemas.messages)],
                handler: list
            ),
            Route(
                "GET",
                "/api/v1/schemas/{type}",
                access: .anyOf([.read, .enqueue]),
                summary: "What an event or a job of one type may hold, with an example.",
                answers: [
                    .of(200, "Its description, with a JSON Schema (2020-12).", Schemas.message),
                    .of(404, "No event or job of this type is described."),
                ],
                handler: get
            ),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        var data = JSONObject()
        data.add("items", jsons: messages.entries.map { json($0, isWhole: false) })
        return Envelope.success(data.closed)
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let name = call.parameter("type")
        guard let entry = messages[name] else {
            let hint = Suggestion.text(for: name, among: messages.entries.map(\.name))
            throw APIError.notFound("description of \(name)\(hint)")
        }
        return Envelope.success(json(entry, isWhole: true))
    }

    private func json(_ entry: MessageCatalog.Entry, isWhole: Bool) -> String {
        var object = JSONObject()
        object.add("type", entry.name)
        object.add("roles", jsons: entry.roles.map { $0.rawValue.json }.sorted())
        object.add("summary", entry.summary)
        object.add("senders", jsons: entry.senders.map(\.json))
        object.add("queues", jsons: topology.queues(taking: entry).map(\.json))
        if isWhole {
            object.add("example", json: entry.example)
            object.add("schema", json: entry.schema)
        }
        return object.closed
    }
}

extension Topology {
    /// The names of the queues that a message comes into, as an event or as a job.
    func queues(taking entry: MessageCatalog.Entry) -> [String] {
        queues.filter { queue in
            queue.bindings.contains { binding in
                switch binding.exchange {
                case events.name: entry.roles.contains(.event) && TopicPattern(binding.key).matches(entry.name)
                case commands.name: entry.roles.contains(.job) && queue.level.plain(binding.key) == entry.name
                default: false
                }
            }
        }.map(\.name)
    }
}

extension Schemas {
    fileprivate static let message = """
        {"type":"object","required":["type","roles","summary","senders","queues","example","schema"],"properties":{\
        \(messageMembers),\
        "example":{"type":"object","description":"A body that is accepted."},\
        "schema":{"type":"object","description":"JSON Schema (2020-12) of the body, under the names to write."}}}
        """

    fileprivate static let messages = """
        {"type":"object","required":["items"],"properties":{"items":{"type":"array","items":\
        {"type":"object","required":["type","roles","summary","senders","queues"],"properties":{\(messageMembers)}}}}}
        """

    private static let messageMembers = """
        "type":{"type":"string"},\
        "roles":{"type":"array","items":{"type":"string","enum":["event","job"]}},\
        "summary":{"type":"string"},\
        "senders":{"type":"array","items":{"type":"string"},"description":"Who publishes it; flotilla is the fleet."},\
        "queues":{"type":"array","items":{"type":"string"},"description":"The queues that it comes into."}
        """
}
