/// What `queues.yaml` says: the exchanges, the queues with their policies, and the delay ladder.
public struct Topology: Sendable, Hashable {
    /// The prefix of the fleet's own exchanges and of the delay ladder.
    public var namespace: String
    /// Domain events, with the routing key `<entity>.<action>`.
    public var events: Exchange
    /// Jobs for exactly one worker.
    public var commands: Exchange
    /// Pause, resume and reload, to every process.
    public var control: Exchange
    /// Exchanges beside the three, in the file's order.
    public var otherExchanges: [Exchange]
    public var delay: DelayLadder
    /// In the file's order.
    public var queues: [QueueDefinition]
    /// What holds for jobs with keys, by their type.
    public var limits: [String: JobLimits]
    /// The fields of payloads by which jobs are found, as paths, by their type.
    public var jobFields: [String: [String]]
    /// Who may publish over AMQP; `nil` where that is left to the broker, and everything is believed.
    public var publishers: PublisherList?

    /// - Parameters:
    ///   - events, commands, control: `<namespace>.topic`, `.direct` and `.fanout` unless given.
    public init(
        namespace: String = "fleet",
        events: Exchange? = nil,
        commands: Exchange? = nil,
        control: Exchange? = nil,
        otherExchanges: [Exchange] = [],
        delay: DelayLadder? = nil,
        queues: [QueueDefinition] = [],
        limits: [String: JobLimits] = [:],
        jobFields: [String: [String]] = [:],
        publishers: PublisherList? = nil
    ) {
        self.namespace = namespace
        self.events = events ?? Exchange(alias: "topic", name: "\(namespace).topic", kind: .topic)
        self.commands = commands ?? Exchange(alias: "direct", name: "\(namespace).direct", kind: .direct)
        self.control = control ?? Exchange(alias: "fanout", name: "\(namespace).fanout", kind: .fanout)
        self.otherExchanges = otherExchanges
        self.delay = delay ?? DelayLadder(namespace: namespace)
        self.queues = queues
        self.limits = limits
        self.jobFields = jobFields
        self.publishers = publishers
        openToPublishers()
    }

    public var exchanges: [Exchange] { [events, commands, control] + otherExchanges }

    public func queue(named name: String) -> QueueDefinition? { queues.first { $0.name == name } }

    public func queues(of worker: String) -> [QueueDefinition] { queues.filter { $0.worker == worker } }

    /// The workers that have a queue, each once, in the file's order.
    public var workers: [String] {
        var seen: Set<String> = []
        return queues.map(\.worker).filter { seen.insert($0).inserted }
    }
}
