import FlotillaPlatform

/// A checkpoint up to which everything was found intact before, as it is remembered outside the database.
package struct VerificationBookmark: Sendable, Hashable {
    package var chain: String
    package var number: Int64
    /// SHA-256 of the checkpoint's statement.
    package var digest: [UInt8]

    package init(chain: String, number: Int64, digest: [UInt8]) {
        (self.chain, self.number, self.digest) = (chain, number, digest)
    }

    /// The bookmark on one line, to be kept.
    package var text: String { "\(chain) \(number) \(digest.hexadecimal)" }

    /// - Returns: `nil` for what is no bookmark.
    package init?(text: String) {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 3, let number = Int64(words[1]), let digest = [UInt8](hexadecimal: words[2]) else {
            return nil
        }
        self.init(chain: words[0], number: number, digest: digest)
    }
}
