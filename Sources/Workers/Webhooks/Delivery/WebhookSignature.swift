import FlotillaModels
import FlotillaPlatform

/// The headers by which a receiver knows a request of ours: the symmetric scheme (`v1`) of the Standard Webhooks
/// specification, HMAC-SHA256 over id, timestamp and body with a full stop between them.
package enum WebhookSignature {
    /// - Parameters:
    ///   - id: the message's, the same on every attempt. It has no full stop.
    ///   - seconds: when this attempt is made, since 1970.
    ///   - secrets: the current one first. During a rotation the old one signs too.
    package static func headers(
        id: String,
        seconds: Int64,
        body: [UInt8],
        secrets: [WebhookSecret]
    ) -> [(name: String, value: String)] {
        let signed = Array("\(id).\(seconds).".utf8) + body
        let signatures = secrets.map { "v1," + Base64.encode(KeyedDigest(key: $0.key).digest(signed)) }
        return [
            ("webhook-id", id), ("webhook-timestamp", "\(seconds)"),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }
}
