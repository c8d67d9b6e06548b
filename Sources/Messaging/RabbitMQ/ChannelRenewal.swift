/// Decides when a publisher needs a new channel: a pure state machine.
///
/// A quorum queue that refuses messages tells so to each channel that publishes to it, and does not tell when its length
/// limit is lifted while it is over it: the channel then refuses for ever, and only a new one is confirmed (RabbitMQ 3.10).
/// So after a few refusals for one target in a row, the next ones are asked of a new channel.
struct ChannelRenewal {
    private struct Target: Hashable {
        var exchange: String
        var routingKey: String
    }

    /// How many refusals for one target in a row are enough.
    static let refusals = 3
    /// How long a channel is used at least. It doubles with each new channel while a queue stays full, up to the longest.
    static let shortestUse = Duration.seconds(2)
    static let longestUse = Duration.seconds(8)
    /// How long publishing pauses for what the old channel still owes, before it goes on without a new one.
    static let longestPause = Duration.seconds(5)

    /// Above this many targets what is known of them is forgotten.
    private static let capacity = 1_000

    /// Refusals in a row, those by earlier channels too: a target that goes on refusing gets a new channel each time.
    private var refused: [Target: Int] = [:]
    private var use = Self.shortestUse
    private var usableUntil: ContinuousClock.Instant
    private var pausedAt: ContinuousClock.Instant?
    private var isWanted = false

    init(openedAt now: ContinuousClock.Instant) { usableUntil = now + Self.shortestUse }

    /// Whether nothing new may be sent, so that the channel can be given up without losing an answer.
    var isPausing: Bool { pausedAt != nil }

    mutating func opened(at now: ContinuousClock.Instant) {
        use = isWanted ? min(use * 2, Self.longestUse) : Self.shortestUse
        usableUntil = now + use
        pausedAt = nil
        isWanted = false
    }

    mutating func refused(exchange: String, routingKey: String) {
        let target = Target(exchange: exchange, routingKey: routingKey)
        if refused.count >= Self.capacity { refused = [:] }
        refused[target, default: 0] += 1
        if refused[target, default: 0] >= Self.refusals { isWanted = true }
    }

    /// Whether any target has refused last; while none has, confirms need not be told of.
    var hasRefusals: Bool { !refused.isEmpty }

    mutating func confirmed(exchange: String, routingKey: String) {
        refused[Target(exchange: exchange, routingKey: routingKey)] = nil
        guard refused.isEmpty else { return }
        isWanted = false
        use = Self.shortestUse
    }

    /// To be asked at the end of each turn; `true` says to open a new channel now.
    ///
    /// - Parameter open: how many publishes are unanswered.
    mutating func isDue(open: Int, at now: @autoclosure () -> ContinuousClock.Instant) -> Bool {
        guard isWanted || isPausing else { return false }
        let moment = now()
        if open == 0 { return isPausing || moment >= usableUntil }
        if let pausedAt {
            guard moment >= pausedAt + Self.longestPause else { return false }
            // Some queue does not answer at all. The others have waited long enough.
            usableUntil = moment + Self.longestPause + use
            self.pausedAt = nil
            isWanted = false
        } else if moment >= usableUntil {
            pausedAt = moment
        }
        return false
    }
}
