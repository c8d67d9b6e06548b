import FlotillaMessaging
import FlotillaModels

/// The JSON of `GET /api/definitions/<vhost>`, as much of it as the topology needs.
struct Definitions: Decodable {
    struct Exchange: Decodable {
        var name: String
        var type: String
        var durable: Bool
        var arguments: [String: JSONArgument]?
    }

    struct Queue: Decodable {
        var name: String
        var durable: Bool
        var arguments: [String: JSONArgument]?
    }

    struct Binding: Decodable {
        enum CodingKeys: String, CodingKey {
            case source, destination, arguments
            case destinationType = "destination_type"
            case routingKey = "routing_key"
        }

        var source: String
        var destination: String
        var destinationType: String
        var routingKey: String
        var arguments: [String: JSONArgument]?
    }

    struct Policy: Decodable {
        enum CodingKeys: String, CodingKey {
            case name, pattern, definition, priority
            case appliesTo = "apply-to"
        }

        var name: String
        var pattern: String
        var appliesTo: String?
        var priority: Int?
        var definition: [String: JSONArgument]

        func policy(isOperator: Bool) -> BrokerPolicy {
            BrokerPolicy(
                name: name,
                pattern: pattern,
                appliesTo: appliesTo ?? "all",
                priority: priority ?? 0,
                isOperator: isOperator,
                definition: definition.mapValues(\.value)
            )
        }
    }

    var exchanges: [Exchange]
    var queues: [Queue]
    var bindings: [Binding]
    var policies: [Policy]?

    var state: BrokerState {
        var state = BrokerState(policies: (policies ?? []).map { $0.policy(isOperator: false) })
        for exchange in exchanges {
            state.exchanges[exchange.name] = .init(
                kind: exchange.type,
                isDurable: exchange.durable,
                alternate: exchange.arguments?["alternate-exchange"]?.value.text
            )
        }
        for queue in queues {
            let arguments = (queue.arguments ?? [:]).sorted { $0.key < $1.key }
                .map { HeaderTable.Entry(name: $0.key, value: $0.value.value) }
            state.queues[queue.name] = .init(isDurable: queue.durable, arguments: HeaderTable(arguments))
        }
        for binding in bindings {
            guard let kind = BindingDeclaration.Destination(rawValue: binding.destinationType) else { continue }
            state.bindings.insert(
                .init(
                    source: binding.source,
                    destination: binding.destination,
                    kind: kind,
                    key: binding.routingKey,
                    hasArguments: binding.arguments?.isEmpty == false
                )
            )
        }
        return state
    }
}
