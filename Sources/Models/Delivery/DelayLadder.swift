/// The names and routing keys of the delay ladder: one queue per power of two, entered at the top.
///
/// A delay is a binary number in units. At each level the digit 1 waits in that level's queue and the digit 0
/// goes on to the next level's exchange; after the last digit the target queue gets the message.
public struct DelayLadder: Sendable, Hashable {
    /// The prefix of the exchanges and queues.
    public var namespace: String
    /// What the lowest level waits.
    public var unit: Duration
    /// How many levels, 1 to 30.
    public var levels: Int

    public init(namespace: String = "fleet", unit: Duration = .milliseconds(100), levels: Int = 24) {
        self.namespace = namespace
        self.unit = unit
        self.levels = levels
    }

    /// The longest delay that the ladder can hold.
    public var longest: Duration { unit * ((1 << levels) - 1) }

    /// The name of both the exchange and the queue of a level, `0` being the shortest: `fleet.delay.07`.
    public func name(of level: Int) -> String {
        "\(namespace).delay.\(level < 10 ? "0" : "")\(level)"
    }

    /// The exchange behind the last level. It hands everything on to ``returnExchange``.
    ///
    /// The lowest level names it, and what a queue names can't be changed, so it stays as the first version made it.
    public var exit: String { "\(namespace).delay.exit" }

    /// The exchange that routes to the exit queues; what has none goes to ``lost``.
    public var returnExchange: String { "\(namespace).delay.return" }

    /// The name of both the exchange and the queue of messages whose target has no exit queue.
    public var lost: String { "\(namespace).delay.lost" }

    /// The queue from which the broker brings messages into their target, for this target alone.
    ///
    /// A target that is missing or refuses holds up its own exit queue, and no level of the ladder. The target's name
    /// is in it with upper and lower case exchanged, so that a policy meant for the target (`audit.*`) does not hold
    /// here as well: a length limit on the exit queue would hold up the ladder again.
    public func exitQueue(of target: String) -> String {
        let name = target.map { $0.isLowercase ? $0.uppercased() : $0.lowercased() }.joined()
        return "\(exit).\(name)"
    }

    /// The queue to deliver to, by a routing key of ``routingKey(for:to:)``; `nil` for any other key.
    public func target(ofRoutingKey key: String) -> String? {
        let words = key.split(separator: ".", maxSplits: levels, omittingEmptySubsequences: false)
        guard words.count == levels + 1, words.dropLast().allSatisfy({ $0 == "0" || $0 == "1" }) else { return nil }
        return String(words[levels])
    }

    /// Where a message enters: the exchange of the highest level.
    public var entryExchange: String { name(of: levels - 1) }

    /// What the queue of a level waits.
    public func delay(of level: Int) -> Duration { unit * (1 << level) }

    /// The routing key for a wait, rounded up to whole units and cut at `longest`, and the queue to deliver to.
    public func routingKey(for delay: Duration, to queue: String) -> String {
        // In whole milliseconds: 300 ms by 100 ms is a little over 3 in binary fractions.
        let wanted = (delay.milliseconds + unit.milliseconds - 1) / max(unit.milliseconds, 1)
        let units = min(max(wanted, 0), (1 << Int64(levels)) - 1)
        var key = ""
        key.reserveCapacity(levels * 2 + queue.utf8.count)
        for level in stride(from: levels - 1, through: 0, by: -1) {
            key += (units >> Int64(level)) & 1 == 1 ? "1." : "0."
        }
        return key + queue
    }
}
