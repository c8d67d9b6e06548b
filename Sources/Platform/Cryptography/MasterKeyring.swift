import Synchronization

/// The master keys of a process, read again when a key turns up that another process made since.
package final class MasterKeyring: Sendable {
    private let load: @Sendable () throws -> MasterKeys
    private let keys: Mutex<MasterKeys>
    private let unknown = Mutex(UnknownKeys())

    /// - Parameter load: reads the keys, at once and whenever one is missing.
    package init(_ load: @escaping @Sendable () throws -> MasterKeys) throws {
        self.load = load
        keys = Mutex(try load())
    }

    package var current: MasterKeys.Key { keys.withLock { $0.current } }

    /// The key, if this process has it or finds it now. Ids that nobody has cost a look at the keys each, but for those that
    /// have just been asked for.
    package func known(_ id: String) -> MasterKeys.Key? {
        if let key = keys.withLock({ $0[id] }) { return key }
        guard unknown.withLock({ $0.mayAsk(for: id) }) else { return nil }
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

/// Ids that no key has: each is asked for once a minute, and not many of them, since anybody can write one into a message.
private struct UnknownKeys {
    private static let interval = Duration.seconds(60)
    private static let capacity = 16
    private var askedAt: [String: ContinuousClock.Instant] = [:]

    mutating func mayAsk(for id: String) -> Bool {
        let now = ContinuousClock.now
        askedAt = askedAt.filter { now - $0.value < Self.interval }
        guard askedAt[id] == nil, askedAt.count < Self.capacity else { return false }
        askedAt[id] = now
        return true
    }
}
