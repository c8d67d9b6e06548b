import Platform

/// A person's own key, as this process holds it for a while.
struct SubjectKey: Sendable {
    /// The row of `audit_subjects`.
    let id: Int64
    /// `nil` once the person is forgotten.
    let cipher: AESGCM?

    /// Wraps a person's key; it can't be taken for that of another.
    static func wrap(_ key: [UInt8], of name: String, by master: MasterKeys.Key) -> [UInt8] {
        master.cipher.seal(key, context: context(name))
    }

    static func unwrap(_ wrapped: [UInt8], of name: String, by master: MasterKeys.Key) throws(AuditError) -> [UInt8] {
        guard let key = master.cipher.open(wrapped, context: context(name)), key.count == AESGCM.keyLength else {
            throw AuditError(
                code: .wrongKey,
                operation: "unwrap the key of \(name)",
                detail: "master key \(master.id) does not open it",
                isRetriable: false
            )
        }
        return key
    }

    private static func context(_ name: String) -> [UInt8] { Array("flotilla.subject.1\u{0}\(name)".utf8) }
}
