package import FlotillaModels
import FlotillaPlatform

/// `Idempotency-Key`, as in the IETF's draft-ietf-httpapi-idempotency-key-header.
package enum IdempotencyHeader {
    package static let name = "Idempotency-Key"
    /// Marks the answer of a request that was made before.
    package static let replayed = "Idempotent-Replayed"

    /// The header, as a route declares it.
    ///
    /// - Parameter effect: what the key is for, ending with a full stop.
    package static func field(_ effect: String) -> Field<String> {
        Field.optional(
            name,
            .string(length: 1...255),
            "\(effect) The same key with another body or path is 422. Keys are the caller's own, and kept for a time, 7 days unless set otherwise."
        )
    }

    package static func headers(isRepeat: Bool) -> HTTPHeaders { isRepeat ? [replayed: "true"] : HTTPHeaders() }
}

extension Call {
    /// The request's own key, with the caller's name and a digest of method, path and body.
    package var idempotencyKey: IdempotencyKey? {
        request.headers[IdempotencyHeader.name].map { idempotencyKey($0, path: request.path) }
    }

    /// - Parameters:
    ///   - text: what the request is known by, where it has no header.
    ///   - path: stands for the route.
    package func idempotencyKey(_ text: String, path: String) -> IdempotencyKey {
        var hasher = SHA256Hasher()
        for part in [request.method, path] { hasher.update("\(part.utf8.count):\(part)") }
        hasher.update(request.body)
        return IdempotencyKey(caller: caller, text: text, fingerprint: hasher.finish())
    }

    /// One name for who calls.
    package var caller: String { principal?.reference ?? "anonymous" }

    /// The message id of what a caller calls `id`: ids of two callers have nothing to do with each other.
    package func messageID(for id: String) -> String {
        // So that the first slash is where the caller's name ends, whatever that is.
        let name = caller.replacing("%", with: "%25").replacing("/", with: "%2F")
        let text = "\(name)/\(id)"
        return text.utf8.count <= 255 ? text : "sha256/" + SHA256.digest(text).hexadecimal
    }
}
