import FlotillaModels
import FlotillaPlatform
import FlotillaTestSupport
import Foundation

/// A webhook as a receiver reads it.
struct ReceivedWebhook {
    let path: String
    let headers: [String: String]
    let body: [UInt8]

    /// What the receiver was sent, in order.
    ///
    /// - Parameter word: only bodies that hold it, since the home is shared with other tests.
    static func all(_ receiver: StandIn, with word: String = "") throws -> [ReceivedWebhook] {
        try receiver.files("requests", ".json").map { try ReceivedWebhook($0) }
            .filter { word.isEmpty || String(decoding: $0.body, as: UTF8.self).contains(word) }
    }

    private init(_ data: Data) throws {
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        path = object["path"] as? String ?? ""
        headers = object["headers"] as? [String: String] ?? [:]
        body = Base64.decode(object["body"] as? String ?? "") ?? []
    }

    /// By the specification: HMAC-SHA256 over id, timestamp and body.
    func isSigned(by secret: String) -> Bool {
        let key = Base64.decode(String(secret.dropFirst("whsec_".count))) ?? []
        let signed = "\(headers["webhook-id"] ?? "").\(headers["webhook-timestamp"] ?? "")."
        let digest = KeyedDigest(key: key).digest(Array(signed.utf8) + body)
        return headers["webhook-signature"] == "v1," + Base64.encode(digest)
    }

    func object() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
    }
}
