import FlotillaHTTPRouting

/// What an answer tells of the limits that its request was counted by, as draft-ietf-httpapi-ratelimit-headers has it.
struct RateQuotas {
    private var policies = ""
    private var states = ""

    mutating func add(_ name: String, _ limit: RateLimit, _ decision: RateDecision, _ policies: String) {
        self.policies = policies
        let missing = Double(limit.burst - decision.remaining) / limit.rate
        // Nothing to wait for is zero; else the time until all of the burst is there.
        let reset = missing > 0 ? RateLimit.seconds(of: .seconds(missing)) : 0
        if !states.isEmpty { states += ", " }
        states += "\"\(name)\";r=\(decision.remaining);t=\(reset)"
    }

    func add(to headers: inout HTTPHeaders) {
        guard !states.isEmpty else { return }
        headers.add("RateLimit-Policy", policies)
        headers.add("RateLimit", states)
    }
}
