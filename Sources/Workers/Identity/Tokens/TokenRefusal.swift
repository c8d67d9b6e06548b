/// Why a token proves nothing.
package struct TokenRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// Longer than a token may be; nothing of it was read.
        case tooLong = "too_long"
        /// Not three parts of base64url with a JSON object each in the first two.
        case malformed
        /// A header parameter that is not understood, or that names a key of its own.
        case header
        /// An algorithm that is not taken, or not the one of the key.
        case algorithm
        /// A key that is not known here.
        case key
        case signature
        /// Not a token to call with.
        case type
        case issuer
        case audience
        case subject
        case expired
        case notYetValid = "not_yet_valid"
        /// A claim that is missing or of another shape.
        case claim
        case revoked
        /// The auth service does not vouch for it.
        case inactive
        /// Tokens of this kind are not taken here.
        case unknown
    }

    package let code: Code
    /// The end of a sentence that begins with "the token"; nothing of the token's own text but short names.
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String { "the token \(detail)" }
}
