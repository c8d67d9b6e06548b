/// Exchanges that turned out not to exist.
///
/// The broker answers a publish to one by closing the channel, without saying which publish was at fault. Exchanges
/// that may be missing are looked for before the next connection is used, so that one caller's mistake does not cost
/// all the others their connection again and again.
struct MissingExchanges {
    /// How long an exchange is taken to be missing, after which it may have been declared.
    private static let memory = Duration.seconds(2)

    private var unverified: Set<String> = []
    private var missing: [String: (reason: String, until: ContinuousClock.Instant)] = [:]

    mutating func verifyLater(_ exchanges: [String]) { unverified.formUnion(exchanges.filter { !$0.isEmpty }) }

    /// Looks for each of them, on a second channel: an answer of 404 costs only that one.
    mutating func look(on handle: borrowing ConnectionHandle, at now: ContinuousClock.Instant) throws(AMQPError) {
        guard !unverified.isEmpty else { return }
        try handle.openChannel(2)
        for exchange in unverified {
            do throws(AMQPError) {
                try handle.passivelyDeclareExchange(exchange, channel: 2)
            } catch {
                guard error.code == .broker(replyCode: 404) else { throw error }
                missing[exchange] = (error.detail, now + Self.memory)
                try handle.reopenChannel(2)
            }
        }
        unverified = []
    }

    /// The broker's words about an exchange that does not exist.
    mutating func reason(for exchange: String, at now: @autoclosure () -> ContinuousClock.Instant) -> String? {
        guard !missing.isEmpty, let entry = missing[exchange] else { return nil }
        if entry.until > now() { return entry.reason }
        missing[exchange] = nil
        return nil
    }
}
