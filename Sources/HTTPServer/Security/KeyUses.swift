import Synchronization

/// When which key was used, kept in memory until it is written: no request waits for that.
package final class KeyUses: Sendable {
    package struct Use: Sendable, Hashable {
        package let id: String
        /// How long ago it was.
        package let ago: Duration
    }

    private struct Entry {
        var usedAt: ContinuousClock.Instant
        /// The use that was last written, and when that was.
        var written: (usedAt: ContinuousClock.Instant, at: ContinuousClock.Instant)?
    }

    /// The uses of one key are written at most this often.
    package static let interval = Duration.seconds(60)

    private let entries = Mutex<[String: Entry]>([:])

    package init() {}

    /// - Parameter id: of a key that was found valid, so that made-up ones fill no memory.
    package func note(_ id: String, at now: ContinuousClock.Instant = .now) {
        entries.withLock { $0[id, default: Entry(usedAt: now)].usedAt = now }
    }

    /// Hands what has to be written to `write`; what it throws leaves that for the next time.
    ///
    /// - Parameter isLast: whether there is no next time: then nothing waits for its turn.
    package func flush(
        at now: ContinuousClock.Instant = .now,
        isLast: Bool = false,
        _ write: ([Use]) async throws -> Void
    ) async throws {
        let due = entries.withLock { entries in
            entries.compactMap { id, entry -> (id: String, usedAt: ContinuousClock.Instant)? in
                if let written = entry.written {
                    guard entry.usedAt > written.usedAt, isLast || now - written.at >= Self.interval else { return nil }
                }
                return (id, entry.usedAt)
            }
        }
        guard !due.isEmpty else { return }
        try await write(due.map { Use(id: $0.id, ago: max(.zero, now - $0.usedAt)) })
        entries.withLock { entries in
            for (id, usedAt) in due { entries[id]?.written = (usedAt, now) }
        }
    }
}
