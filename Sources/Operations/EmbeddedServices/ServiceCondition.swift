/// What can be said of a server whose process lives.
enum ServiceCondition: Sendable, Hashable {
    case sound
    /// It does not answer, for a reason that may pass.
    case silent
    /// It answers, but a part of it is gone that comes back only with a new start.
    case broken
}

/// When a server that lives has to be started again all the same: a pure state machine.
///
/// One that is broken gets three looks, since its parts need some seconds after a start; one that is silent a minute,
/// since it may be stopped or short of processor time. Each new start that has not helped doubles the time to the next.
struct ServiceConditionWatch {
    /// How often to look.
    static let interval = Duration.seconds(5)
    private static let brokenLooks = 3
    private static let silentLooks = 12
    /// Half an hour.
    private static let mostLooks = 360
    /// A server that was sound for as many has been helped.
    private static let soundLooks = 3

    private var broken = 0
    private var silent = 0
    private var sound = 0
    /// The new starts since it was last sound.
    private(set) var restarts = 0

    /// Notes a look; returns whether to start the server again.
    mutating func note(_ condition: ServiceCondition) -> Bool {
        broken = condition == .broken ? broken + 1 : 0
        silent = condition == .silent ? silent + 1 : 0
        sound = condition == .sound ? sound + 1 : 0
        if sound >= Self.soundLooks { restarts = 0 }
        return broken >= wait(Self.brokenLooks) || silent >= wait(Self.silentLooks)
    }

    /// After a new start, by whomever, the looks count from the beginning.
    mutating func reset() { (broken, silent, sound) = (0, 0, 0) }

    /// Notes that the server is started again because of what was seen.
    mutating func noteRestart() {
        reset()
        restarts += 1
    }

    private func wait(_ looks: Int) -> Int { min(Self.mostLooks, looks << min(restarts, 10)) }
}
