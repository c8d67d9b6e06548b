extension BinaryInteger {
    /// The number with what it counts: `1 message`, `3 messages`.
    ///
    /// - Parameters:
    ///   - one: what stands behind a 1: `message waits`.
    ///   - many: what stands behind every other number; `one` with an s unless given.
    package func counted(_ one: String, _ many: String? = nil) -> String {
        "\(self) \(self == 1 ? one : many ?? one + "s")"
    }
}
