/// An exchange of the fleet. All are durable and declared by `flotilla topology apply`.
public struct Exchange: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case topic, direct, fanout
    }

    /// The short name by which `queues.yaml` refers to it: `topic`.
    public var alias: String
    /// The name on the broker: `fleet.topic`.
    public var name: String
    public var kind: Kind

    public init(alias: String, name: String, kind: Kind) {
        self.alias = alias
        self.name = name
        self.kind = kind
    }
}
