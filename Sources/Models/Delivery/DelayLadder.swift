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

    /// The exchange that behind the last level routes to the target queues.
    public var exit: String { "\(namespace).delay.exit" }

    /// Where a message enters: the exchange of the highest level.
    public var entryExchange: String { name(of: levels - 1) }

    /// What the queue of a level waits.
    public func delay(of level: Int) -> Duration { unit * (1 << level) }

    /// The routing key for a wait, rounded up to whole units and cut at `longest`, and the queue to deliver to.
    public func routingKey(for delay: Duration, to queue: String) -> String {
        let wanted = Int64((delay.seconds / unit.seconds).rounded(.up))
        let units = min(max(wanted, 0), (1 << Int64(levels)) - 1)
        var key = ""
        key.reserveCapacity(levels * 2 + queue.utf8.count)
        for level in stride(from: levels - 1, through: 0, by: -1) {
            key += (units >> Int64(level)) & 1 == 1 ? "1." : "0."
        }
        return key + queue
    }
}
