/// What counts as a sign of fraud.
package struct ScanRules: Sendable, Hashable {
    /// The same ticket at two places within this time.
    package var twoPlacesWithin: Duration
    /// As many forged codes by one operator within ``forgedWithin``.
    package var forgedBurst: Int
    package var forgedWithin: Duration
    /// A sign that was reported is not reported again for this long.
    package var silence: Duration

    package init(
        twoPlacesWithin: Duration = .seconds(30),
        forgedBurst: Int = 10,
        forgedWithin: Duration = .seconds(60),
        silence: Duration = .seconds(60)
    ) {
        self.twoPlacesWithin = twoPlacesWithin
        self.forgedBurst = max(1, forgedBurst)
        self.forgedWithin = forgedWithin
        self.silence = silence
    }
}
