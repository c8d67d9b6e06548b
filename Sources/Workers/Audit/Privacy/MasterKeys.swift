import Models
package import Platform
import Synchronization

/// The keys that wrap the keys of people: the first wraps, the others only unwrap what they wrapped before.
///
/// As text: each key is the base64 of 32 bytes, with commas, spaces or line ends between them.
package struct MasterKeys: Sendable {
    package struct Key: Sendable {
        /// 16 hexadecimal digits that stand for the key and tell nothing of it.
        package let id: String
        let cipher: AESGCM

        init(_ bytes: [UInt8]) {
            id = SHA256.digest(Array("flotilla master key".utf8) + bytes).prefix(8).hexadecimal
            cipher = AESGCM(key: bytes)
        }
    }

    package let all: [Key]

    package var current: Key { all[0] }

    /// - Throws: `AuditError` when there is no key in the text, or something that is none.
    package init(_ text: Secret) throws(AuditError) {
        var keys: [Key] = []
        for word in text.revealed.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            guard let bytes = Base64.decode(String(word)), bytes.count == AESGCM.keyLength else {
                throw .masterKey("key \(keys.count + 1) of the master keys is not the base64 of 32 bytes")
            }
            keys.append(Key(bytes))
        }
        guard !keys.isEmpty else { throw .masterKey("there is no master key") }
        all = keys
    }

    /// A new key, as text.
    package static func generate() -> Secret { Secret(Base64.encode(RandomBytes.make(AESGCM.keyLength))) }

    subscript(id: String) -> Key? { all.first { $0.id == id } }
}

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

    /// - Throws: `AuditError` when nobody here has the key.
    package func key(_ id: String) throws -> MasterKeys.Key {
        if let key = keys.withLock({ $0[id] }) { return key }
        let fresh = try load()
        keys.withLock { $0 = fresh }
        guard let key = fresh[id] else {
            throw AuditError.masterKey(
                "master key \(id) is missing: give it with FLOTILLA_MASTER_KEY, after the others"
            )
        }
        return key
    }
}
