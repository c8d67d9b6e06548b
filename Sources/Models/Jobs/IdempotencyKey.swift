/// The key under which a caller may repeat a request, and what a repeat has to be like.
package struct IdempotencyKey: Sendable, Hashable {
    /// Whose key it is: keys of two callers have nothing to do with each other.
    package let caller: String
    package let text: String
    /// A digest of the request; a repeat has the same.
    package let fingerprint: [UInt8]

    package init(caller: String, text: String, fingerprint: [UInt8]) {
        self.caller = caller
        self.text = text
        self.fingerprint = fingerprint
    }
}
