/// The key under which a request may be repeated, with the hash of its content.
package struct IdempotencyKey: Sendable, Hashable {
    package let text: String
    package let requestHash: [UInt8]

    package init(text: String, requestHash: [UInt8]) {
        self.text = text
        self.requestHash = requestHash
    }
}
