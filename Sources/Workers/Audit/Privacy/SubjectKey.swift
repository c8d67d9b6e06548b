import FlotillaPlatform

/// A person's own key, as this process holds it for a while.
struct SubjectKey: Sendable {
    /// The row of `audit_subjects`.
    let id: Int64
    /// `nil` once the person is forgotten.
    let cipher: AESGCM?

    private static let seal = SecretSeal(purpose: "flotilla.subject.1")

    /// Wraps a person's key; it can't be taken for that of another.
    static func wrap(_ key: [UInt8], of name: String, by master: MasterKeys.Key) -> [UInt8] {
        seal.seal(key, of: name, by: master)
    }

    static func unwrap(_ wrapped: [UInt8], of name: String, by master: MasterKeys.Key) throws(MasterKeyError) -> [UInt8]
    {
        let key = try seal.open(wrapped, of: name, by: master, as: "the key of \(name)")
        guard key.count == AESGCM.keyLength else {
            throw MasterKeyError(
                code: .wrongKey,
                operation: "open the key of \(name)",
                detail: "the key of \(name) is not \(AESGCM.keyLength) bytes long"
            )
        }
        return key
    }
}
