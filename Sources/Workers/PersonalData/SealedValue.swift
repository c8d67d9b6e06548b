import FlotillaModels

/// A value of a body that only the key of its person opens, as it stands in the row: `sealed:v1:<subject>:<base64>`.
package struct SealedValue: Sendable, Hashable {
    package static let prefix = "sealed:v1:"

    /// The row of `audit_subjects` whose key opens it.
    package let subject: Int64
    package let sealed: [UInt8]

    package init(subject: Int64, sealed: [UInt8]) { (self.subject, self.sealed) = (subject, sealed) }

    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let subject = Int64(parts[0]), let sealed = Base64.decode(String(parts[1])) else {
            return nil
        }
        self.init(subject: subject, sealed: sealed)
    }

    /// As a JSON string, quotes included.
    package var literal: [UInt8] {
        let start = "\"\(Self.prefix)\(subject):"
        let text = Base64.encode(sealed)
        var literal: [UInt8] = []
        literal.reserveCapacity(start.utf8.count + text.utf8.count + 1)
        literal.append(contentsOf: start.utf8)
        literal.append(contentsOf: text.utf8)
        literal.append(UInt8(ascii: "\""))
        return literal
    }

    /// Binds a value to its place: it opens in no other row and under no other field.
    package static func context(messageID: String, path: String) -> [UInt8] {
        Array("flotilla.audit.1\u{0}\(messageID)\u{0}\(path)".utf8)
    }
}
