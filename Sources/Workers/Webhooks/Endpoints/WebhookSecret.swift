import FlotillaModels
package import FlotillaPlatform

/// What requests to one endpoint are signed with, by the Standard Webhooks specification: `whsec_` and the base64 of 24
/// to 64 random bytes.
package struct WebhookSecret: Sendable {
    package static let prefix = "whsec_"
    package static let lengths = 24...64
    private static let usualLength = 32

    let key: [UInt8]

    package static func generate() -> WebhookSecret { WebhookSecret(key: RandomBytes.make(usualLength)) }

    init(key: [UInt8]) { self.key = key }

    /// `nil` when the text is no such secret.
    package init?(_ text: Secret) {
        guard text.revealed.hasPrefix(Self.prefix),
            let key = Base64.decode(String(text.revealed.dropFirst(Self.prefix.count))),
            Self.lengths.contains(key.count)
        else { return nil }
        self.key = key
    }

    /// As its holder writes it down; shown once.
    package var revealed: String { Self.prefix + Base64.encode(key) }
}
