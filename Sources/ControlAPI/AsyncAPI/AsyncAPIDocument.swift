import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules

/// The description of events and jobs by the AsyncAPI Specification 3.0, from the fleet's side: it receives what comes into a
/// queue, and sends what its domains publish.
struct AsyncAPIDocument {
    let json: String

    init(_ messages: MessageCatalog, _ topology: Topology) {
        var channels = JSONObject()
        var operations = JSONObject()
        var components = JSONObject()
        for entry in messages.entries {
            components.add(entry.name, json: Self.message(entry))
            let queues = topology.queues(taking: entry)
            for role in entry.roles.sorted(by: { $0.rawValue < $1.rawValue }) {
                let channel = "\(role.rawValue).\(entry.name)"
                channels.add(channel, json: Self.channel(entry, role, topology))
                if !queues.isEmpty {
                    operations.add("receive.\(channel)", json: Self.operation("receive", channel, entry, queues))
                }
                if entry.isPublishedHere {
                    operations.add("send.\(channel)", json: Self.operation("send", channel, entry, []))
                }
            }
        }
        var document = JSONObject()
        document.add("asyncapi", "3.0.0")
        document.add(
            "info",
            json: "{\"title\":\"Flotilla events and jobs\",\"version\":\"1\",\"description\":\(Self.about.json)}"
        )
        document.add("defaultContentType", "application/json")
        document.add("channels", json: channels.closed)
        document.add("operations", json: operations.closed)
        document.add("components", json: "{\"messages\":\(components.closed)}")
        json = document.closed
    }

    private static let about = """
        What the fleet takes from its exchanges and what it publishes there. Bodies are JSON; a CloudEvent in structured or \
        binary mode is taken as well. message_id makes repeats count once, correlation_id and the header traceparent go \
        with all that comes of a message, timestamp is when it happened. Objects may be nested in data, under the same \
        names. A message that can't be read is a dead letter at once. Who may publish what, queues.yaml says under \
        publishers.
        """

    private static func channel(
        _ entry: MessageCatalog.Entry,
        _ role: MessageDescription.Role,
        _ topology: Topology
    ) -> String {
        let exchange =
            switch role {
            case .event: topology.events
            // Who is held to queues.yaml has an exchange of their own for jobs.
            case .job: entry.isPublishedHere ? topology.commands : topology.outsideCommands ?? topology.commands
            }
        var binding = JSONObject()
        binding.add("is", "routingKey")
        binding.add(
            "exchange",
            json: """
                {"name":\(exchange.name.json),"type":\(exchange.kind.rawValue.json),"durable":true,"autoDelete":false}
                """
        )
        binding.add("bindingVersion", "0.3.0")
        var channel = JSONObject()
        channel.add("address", entry.name)
        channel.add("summary", entry.summary)
        channel.add(
            "messages",
            json: "{\(entry.name.json):{\"$ref\":\("#/components/messages/\(entry.name)".json)}}"
        )
        channel.add("bindings", json: "{\"amqp\":\(binding.closed)}")
        return channel.closed
    }

    private static func operation(
        _ action: String,
        _ channel: String,
        _ entry: MessageCatalog.Entry,
        _ queues: [String]
    ) -> String {
        var operation = JSONObject()
        operation.add("action", action)
        operation.add("channel", json: "{\"$ref\":\("#/channels/\(channel)".json)}")
        operation.add("summary", entry.summary)
        if !queues.isEmpty { operation.add("description", "Comes into \(queues.joined(separator: ", ")).") }
        operation.add(
            "messages",
            json: "[{\"$ref\":\("#/channels/\(channel)/messages/\(entry.name)".json)}]"
        )
        return operation.closed
    }

    private static func message(_ entry: MessageCatalog.Entry) -> String {
        var message = JSONObject()
        message.add("name", entry.name)
        message.add("title", entry.name)
        message.add("summary", entry.summary)
        message.add("description", "Published by: \(entry.senders.joined(separator: ", ")).")
        message.add("contentType", "application/json")
        message.add(
            "headers",
            json: #"{"type":"object","properties":{"traceparent":{"type":"string","description":"W3C Trace Context"}}}"#
        )
        message.add("payload", json: entry.schema)
        message.add("examples", json: "[{\"name\":\"example\",\"payload\":\(entry.example)}]")
        return message.closed
    }
}
