/// A recipient is known, and none of the channels can find it.
package struct UnreachableRecipient: Error, Sendable, Hashable, CustomStringConvertible {
    package let key: RecipientKey
    package let channels: [Channel]

    package var description: String {
        "the recipient \(key.text) has no address for \(channels.map(\.rawValue).joined(separator: " or "))"
    }
}
