package import FlotillaModels
import FlotillaPlatform

/// Public keys as a file, to check tickets where there is no database.
///
/// ```json
/// {"keys":[{"id":"a1b2c3d4","algorithm":"ed25519","publicKey":"<base64 of 32 bytes>","retiredAt":"2027-01-01T00:00:00.000Z"}]}
/// ```
package struct TicketKeyFile: Sendable {
    package let text: String
    package let verifier: TicketVerifier

    /// The public ones among the keys.
    package init(_ keys: [TicketKey]) {
        let shown = keys.compactMap { key -> JSONValue? in
            guard let bytes = key.publicKey else { return nil }
            var members = [
                ("id", key.id.description), ("algorithm", key.algorithm.rawValue), ("publicKey", Base64.encode(bytes)),
            ]
            if let end = key.retiredAt { members.append(("retiredAt", WallClock.iso8601(end))) }
            return .members(members.map { .init(name: $0.0, value: .string($0.1)) })
        }
        text = JSONValue.members([.init(name: "keys", value: .array(shown))]).json
        verifier = TicketVerifier(
            keys.compactMap { key in
                key.publicKey.flatMap(VerificationKey.init(bytes:)).map {
                    .init(id: key.id, .ed25519($0), retiredAt: key.retiredAt)
                }
            }
        )
    }

    /// - Throws: `InvalidPayload` for a text that ``init(_:)-(_)`` has not written.
    package init(text bytes: [UInt8]) throws(InvalidPayload) {
        guard case .array(let elements)? = try JSONValue(bytes)["keys"] else {
            throw InvalidPayload(field: "keys", problem: "expected a list of keys")
        }
        var keys: [TicketKey] = []
        for (index, element) in elements.enumerated() {
            guard element["algorithm"]?.text == TicketAlgorithm.ed25519.rawValue,
                let id = element["id"]?.text.flatMap(TicketKeyID.init),
                let key = element["publicKey"]?.text.flatMap(Base64.decode), key.count == VerificationKey.length
            else { throw InvalidPayload(field: "keys.\(index)", problem: "expected a public key") }
            let end = element["retiredAt"]?.text
            let retiredAt = end.flatMap { EventTime.parse($0) }
            guard end == nil || retiredAt != nil else {
                throw InvalidPayload(field: "keys.\(index).retiredAt", problem: "expected an ISO 8601 time")
            }
            keys.append(
                TicketKey(
                    id: id,
                    algorithm: .ed25519,
                    publicKey: key,
                    createdAt: 0,
                    supersededAt: nil,
                    retiredAt: retiredAt
                )
            )
        }
        self.init(keys)
    }
}
