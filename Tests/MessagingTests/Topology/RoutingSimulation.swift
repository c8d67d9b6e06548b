import FlotillaMessaging
import FlotillaModels

/// Routes messages through the declarations of a plan as a broker would, time to live and dead-lettering included.
struct RoutingSimulation {
    /// A message in a queue, and how long it waited on its way there.
    struct Arrival: Hashable {
        var queue: String
        var waited: Duration
    }

    private let bindings: [String: [BindingDeclaration]]
    private let kinds: [String: Exchange.Kind]
    private let alternates: [String: String]
    private let queues: [String: QueueDeclaration]

    init(_ plan: TopologyPlan) {
        bindings = Dictionary(grouping: plan.bindings, by: \.source)
        kinds = Dictionary(uniqueKeysWithValues: plan.exchanges.map { ($0.name, $0.kind) })
        alternates = Dictionary(
            uniqueKeysWithValues: plan.exchanges.compactMap { exchange in
                exchange.alternate.map { (exchange.name, $0) }
            }
        )
        queues = Dictionary(uniqueKeysWithValues: plan.queues.map { ($0.name, $0) })
    }

    /// Where a message ends up: in queues without a time to live.
    func arrivals(from exchange: String, key: String, waited: Duration = .zero) -> [Arrival] {
        route(exchange, key).flatMap { name -> [Arrival] in
            guard let milliseconds = queues[name]?.arguments["x-message-ttl"]?.integer,
                let next = queues[name]?.arguments["x-dead-letter-exchange"]?.text
            else { return [Arrival(queue: name, waited: waited)] }
            let key = queues[name]?.arguments["x-dead-letter-routing-key"]?.text ?? key
            return arrivals(from: next, key: key, waited: waited + .milliseconds(milliseconds))
        }
    }

    /// The queues of one publish, each once; exchanges pass on to exchanges.
    private func route(_ exchange: String, _ key: String) -> Set<String> {
        if exchange.isEmpty { return queues[key] == nil ? [] : [key] }
        var found: Set<String> = []
        for binding in bindings[exchange] ?? [] where matches(binding.key, key, kinds[exchange] ?? .topic) {
            switch binding.kind {
            case .queue: found.insert(binding.destination)
            case .exchange: found.formUnion(route(binding.destination, key))
            }
        }
        if found.isEmpty, let alternate = alternates[exchange] { return route(alternate, key) }
        return found
    }

    private func matches(_ pattern: String, _ key: String, _ kind: Exchange.Kind) -> Bool {
        switch kind {
        case .fanout: true
        case .direct: pattern == key
        case .topic: Self.matches(pattern.split(separator: ".")[...], key.split(separator: ".")[...])
        }
    }

    private static func matches(_ pattern: ArraySlice<Substring>, _ words: ArraySlice<Substring>) -> Bool {
        guard let first = pattern.first else { return words.isEmpty }
        if first == "#" {
            return matches(pattern.dropFirst(), words) || (!words.isEmpty && matches(pattern, words.dropFirst()))
        }
        guard let word = words.first, first == "*" || first == word else { return false }
        return matches(pattern.dropFirst(), words.dropFirst())
    }
}
