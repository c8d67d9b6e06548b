import FlotillaPlatform

/// A Lua script, called by its digest.
package struct RedisScript: Sendable, Hashable {
    package let source: String
    /// SHA-1 of the source, in lower-case hexadecimal digits.
    package let digest: String

    package init(_ source: String) {
        self.source = source
        digest = SHA1.digest(source).hexadecimal
    }
}
