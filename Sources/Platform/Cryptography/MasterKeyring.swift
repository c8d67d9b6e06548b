import Synchronization

/// The master keys of a process, read again when a key turns up that another process made since.
package final class MasterKeyring: Sendable {
    private let load: @Sendable () throws -> MasterKeys
    private let keys: Mutex<MasterKeys>

    /// - Parameter load: reads the keys, at once and whenever one is missing.
    package init(_ load: @escaping @Sendable () throws -> MasterKeys) throws {
        self.load = load
        keys = Mutex(try load())
    }

    package var current: MasterKeys.Key { keys.withLock { $0.current } }

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
