package import FlotillaModels
package import FlotillaTelemetry
import Synchronization

/// Whether messages are their senders' to send, by `publishers` of `queues.yaml` and the `user_id` that the broker has
/// checked.
///
/// The broker checks routing keys; this checks names, which the property `type` and a CloudEvent's type override. Answers
/// are remembered, so that a message costs a look-up.
package final class PublisherRights: Sendable {
    /// What the fleet alone sends: patterns of names of events, and of routing keys of commands.
    package struct FleetOnly: Sendable, Hashable {
        let events: [TopicPattern]
        let commands: [TopicPattern]

        package init(events: [String] = [], commands: [String] = []) {
            self.events = events.map { TopicPattern($0) }
            self.commands = commands.map { TopicPattern($0) }
        }
    }

    private enum Way: Hashable { case event, command, other }

    private struct Question: Hashable {
        let user: String
        let way: Way
        let name: String
    }

    private struct Memory {
        var answers: [Question: PublisherRefusal?] = [:]
        var warned: Set<Question> = []
        var counters: [String: Counter] = [:]
    }

    private struct Verdict {
        let refusal: PublisherRefusal
        /// Whether it is the first of its kind.
        let isFirst: Bool
        let counter: Counter
    }

    /// How many answers are remembered now.
    package var rememberedAnswers: Int { memory.withLock { $0.answers.count } }

    private struct Allowed {
        let events: [TopicPattern]
        let commands: [TopicPattern]
    }

    /// How many answers, and how many warnings, are remembered: names come from outside.
    private static let memorySize = 10_000

    /// Whether what is refused is a dead letter; otherwise it is only counted.
    package let isStrict: Bool
    private let fleetUsers: Set<String>
    private let allowed: [String: Allowed]
    private let fleetOnly: FleetOnly
    private let events: String
    private let commands: Set<String>
    private let metrics: Metrics
    private let log: Log
    private let memory = Mutex(Memory())

    /// `nil` where everybody may send everything.
    ///
    /// - Parameter user: the fleet's own on the broker.
    package init?(_ topology: Topology, user: String, fleetOnly: FleetOnly, metrics: Metrics, log: Log) {
        guard let publishers = topology.publishers else { return nil }
        isStrict = publishers.isStrict
        fleetUsers = Set(publishers.fleetUsers).union([user])
        let pairs = publishers.publishers.map { publisher in
            let events = publisher.events.map { TopicPattern($0) }
            return (publisher.user, Allowed(events: events, commands: publisher.commands.map { TopicPattern($0) }))
        }
        allowed = Dictionary(pairs) { first, _ in first }
        self.fleetOnly = fleetOnly
        events = topology.events.name
        commands = [topology.commands.name, topology.outsideCommands?.name ?? topology.commands.name]
        self.metrics = metrics
        self.log = log
    }

    /// Why the message is not its sender's to send, counted and logged; `nil` when it is.
    ///
    /// What the fleet itself has sent again, as a retry or for an operator, has been admitted before. Only what was refused is
    /// judged anew, by the rights of now.
    ///
    /// - Parameters:
    ///   - message: as it came, without headers that are not to be believed.
    ///   - name: of the event or the command, with the property `type` in the place of the routing key.
    ///   - exchange: to which it was first published.
    package func refusal(of message: Message, named name: String, by exchange: String, in queue: String)
        -> PublisherRefusal?
    {
        var user = message.properties.userID
        if !message.headers.isEmpty, message.headers[FleetHeader.originQueue] != nil {
            guard message.headers[FleetHeader.errorType]?.text == Failure.unauthorisedPublisher else { return nil }
            user = Republication.restore(message).properties.userID
        }
        if let user, fleetUsers.contains(user) { return nil }
        let way = exchange == events ? Way.event : commands.contains(exchange) ? .command : .other
        let question = Question(user: user ?? "", way: way, name: name)
        guard let verdict = memory.withLock({ verdict(question, queue, &$0) }) else { return nil }
        verdict.counter.increment()
        let refusal = verdict.refusal
        if verdict.isFirst, !isStrict {
            log.warning(
                "a message is not its sender's to send; strictPublishers would refuse it",
                [
                    "user": .string(user ?? "none"), "name": .string(name), "exchange": .string(exchange),
                    "queue": .string(queue), "reason": .string(refusal.failure.message),
                ]
            )
        }
        return refusal
    }

    private func verdict(_ question: Question, _ queue: String, _ memory: inout Memory) -> Verdict? {
        guard let refusal = answer(question, &memory) else { return nil }
        let isFirst = memory.warned.count < Self.memorySize && memory.warned.insert(question).inserted
        let counter = counter(for: refusal.reason, queue, &memory)
        return Verdict(refusal: refusal, isFirst: isFirst, counter: counter)
    }

    private func answer(_ question: Question, _ memory: inout Memory) -> PublisherRefusal? {
        if let known = memory.answers[question] { return known }
        if memory.answers.count >= Self.memorySize { memory.answers = [:] }
        let reason = reason(for: question)
        let user = question.user.isEmpty ? nil : question.user
        let refusal = reason.map { PublisherRefusal(reason: $0, user: user, name: question.name) }
        memory.answers[question] = .some(refusal)
        return refusal
    }

    private func reason(for question: Question) -> PublisherRefusal.Reason? {
        guard !question.user.isEmpty else { return .unsigned }
        guard let allowed = allowed[question.user] else { return .unlisted }
        let isEvent = question.way != .command
        let isCommand = question.way != .event
        let isFleetEvent = isEvent && fleetOnly.events.contains { $0.matches(question.name) }
        let isFleetCommand = isCommand && fleetOnly.commands.contains { $0.matches(question.name) }
        guard !isFleetEvent, !isFleetCommand else { return .fleetOnly }
        let mayEvent = isEvent && allowed.events.contains { $0.matches(question.name) }
        let mayCommand = isCommand && allowed.commands.contains { $0.matches(question.name) }
        return mayEvent || mayCommand ? nil : .name
    }

    private func counter(for reason: PublisherRefusal.Reason, _ queue: String, _ memory: inout Memory) -> Counter {
        let key = "\(reason.rawValue) \(queue)"
        if let counter = memory.counters[key] { return counter }
        let counter = metrics.counter(
            "flotilla_messages_unauthorised_total",
            "Messages that were not their senders' to send, or came without a user_id; dead letters where publishers are strict.",
            ["queue": queue, "reason": reason.rawValue]
        )
        memory.counters[key] = counter
        return counter
    }
}
