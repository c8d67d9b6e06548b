import FoundationEssentials

/// The keys that wrap the keys of people: the first wraps, the others only unwrap what they wrapped before.
///
/// As text: each key is the base64 of 32 bytes, with commas, spaces or line ends between them.
package struct MasterKeys: Sendable {
    package struct Key: Sendable {
        /// 16 hexadecimal digits that stand for the key and tell nothing of it.
        package let id: String
        package let cipher: AESGCM
        /// Seals what the API says of messages that it has taken in; of a key of its own, which follows from this one.
        package let received: KeyedDigest

        init(_ bytes: [UInt8]) {
            id = SHA256.digest(Array("flotilla master key".utf8) + bytes).prefix(8).hexadecimal
            cipher = AESGCM(key: bytes)
            received = KeyedDigest(key: KeyedDigest(key: bytes).digest("flotilla received 1"))
        }
    }

    package let all: [Key]

    package var current: Key { all[0] }

    /// - Throws: `MasterKeyError` when there is no key in the text, or something that is none.
    package init(_ text: Secret) throws(MasterKeyError) {
        var keys: [Key] = []
        for word in text.revealed.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            guard let bytes = Data(base64Encoded: String(word)), bytes.count == AESGCM.keyLength else {
                throw Self.error(.malformed, "key \(keys.count + 1) of the master keys is not the base64 of 32 bytes")
            }
            keys.append(Key(Array(bytes)))
        }
        guard !keys.isEmpty else { throw Self.error(.missing, "there is no master key") }
        all = keys
    }

    /// A new key, as text.
    package static func generate() -> Secret { Secret(Data(RandomBytes.make(AESGCM.keyLength)).base64EncodedString()) }

    static func error(_ code: MasterKeyError.Code, _ detail: String) -> MasterKeyError {
        MasterKeyError(code: code, operation: "read the master keys", detail: detail)
    }

    subscript(id: String) -> Key? { all.first { $0.id == id } }
}
