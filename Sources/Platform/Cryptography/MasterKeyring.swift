import Synchronization

/// The master keys of a process, read again when a key turns up that another process made since.
package final class MasterKeyring: Sendable {
    private let load: @Sendable () throws -> MasterKeys
    private let keys: Mutex<MasterKeys>
    private let now: @Sendable () -> ContinuousClock.Instant
    private let unknown = Mutex(UnknownKeys())

    /// - Parameter load: reads the keys, at once and whenever one is missing.
    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        _ load: @escaping @Sendable () throws -> MasterKeys
    ) throws {
        self.load = load
        self.now = now
        keys = Mutex(try load())
    }

    package var current: MasterKeys.Key { keys.withLock { $0.current } }

    /// The key, if this process has it or finds it now. The keys are read again once a second at most, however many ids that
    /// nobody has are asked for, since anybody can write one into a message.
    package func known(_ id: String) -> MasterKeys.Key? {
        if let key = keys.withLock({ $0[id] }) { return key }
        guard unknown.withLock({ $0.mayAsk(for: id, at: now()) }) else { return nil }
        return try? key(id)
    }

    /// - Throws: `MasterKeyError` when nobody here has the key.
    package func key(_ id: String) throws -> MasterKeys.Key {
        if let key = keys.withLock({ $0[id] }) { return key }
        let fresh = try load()
        keys.withLock { $0 = fresh }
        guard let key = fresh[id] else {
            throw MasterKeys.error(
                .missing,
                "master key \(id) is missing: give it with FLOTILLA_MASTER_KEY, after the others"
            )
        }
        return key
    }
}

/// Ids that no key has, and when the keys were last read for one of them.
private struct UnknownKeys {
    /// The keys are not read again for an id that no key had so long ago.
    private static let memory = Duration.seconds(60)
    /// Between two readings, so that ids that are made up don't hide a new key for longer.
    private static let interval = Duration.seconds(1)
    private static let capacity = 64
    private var askedAt: [String: ContinuousClock.Instant] = [:]
    private var readAt: ContinuousClock.Instant?

    mutating func mayAsk(for id: String, at now: ContinuousClock.Instant) -> Bool {
        if let readAt, now - readAt < Self.interval { return false }
        if let time = askedAt[id], now - time < Self.memory { return false }
        if askedAt.count >= Self.capacity { askedAt.removeAll() }
        askedAt[id] = now
        readAt = now
        return true
    }
}
