/// How many records somebody was taken out of.
package struct ErasureCount: Sendable, Hashable {
    /// Records about the person.
    package var own = 0
    /// Records about others, or nobody, that only mention the person.
    package var mentions = 0

    package init(own: Int = 0, mentions: Int = 0) { (self.own, self.mentions) = (own, mentions) }

    package var total: Int { own + mentions }

    package static func + (first: ErasureCount, second: ErasureCount) -> ErasureCount {
        ErasureCount(own: first.own + second.own, mentions: first.mentions + second.mentions)
    }

    package static func += (first: inout ErasureCount, second: ErasureCount) { first = first + second }
}
