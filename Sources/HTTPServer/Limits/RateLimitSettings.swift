/// What callers of the API are held to; `nil` is no limit.
package struct RateLimitSettings: Sendable, Hashable {
    /// Requests of one key or token.
    package var caller: RateLimit?
    /// Requests from one address: an IPv4 address, or 64 bits of an IPv6 address.
    package var address: RateLimit?
    /// Requests without a valid key from one address.
    package var failures: RateLimit?

    package init(caller: RateLimit? = nil, address: RateLimit? = nil, failures: RateLimit? = nil) {
        self.caller = caller
        self.address = address
        self.failures = failures
    }
}
