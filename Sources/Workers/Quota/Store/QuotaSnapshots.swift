package import FlotillaStorage

/// The states of quotas, projected into Redis for those who only look.
///
/// A state is used for ``maxAge`` after it was read from Postgres. That bounds for how long a state can be shown
/// whose successor Redis did not take.
package struct QuotaSnapshots: Sendable {
    package static let maxAge = Duration.seconds(10)

    private let redis: RedisClient

    package init(_ redis: RedisClient) { self.redis = redis }

    /// Keeps the states, each unless Redis has a newer one; where Redis refuses to, the older one is dropped.
    ///
    /// - Returns: how many were refused.
    package func put(_ snapshots: [(state: QuotaSnapshot, age: Duration)]) async throws(RedisError) -> Int {
        guard !snapshots.isEmpty else { return 0 }
        let replies = try await redis.evaluate(.quotaSnapshot, calls: snapshots.map(Self.call))
        let refused = zip(snapshots, replies).compactMap { snapshot, reply -> [RedisArgument]? in
            guard case .error = reply else { return nil }
            return ["DEL", .text(Self.key(snapshot.state.companyID, snapshot.state.kind))]
        }
        // Deleting is allowed even where memory has run out.
        _ = try await redis.pipeline(refused)
        return refused.count
    }

    /// The states of the company's present periods that are not too old: at most one of each kind.
    package func read(_ companyID: String, kinds: [String]) async throws(RedisError) -> [QuotaSnapshot] {
        let replies = try await redis.pipeline(
            [["TIME"]] + kinds.map { ["HGETALL", .text(Self.key(companyID, $0))] }
        )
        guard let seconds = replies[0].elements.first?.int, let rest = replies[0].elements.last?.int else { return [] }
        let now = seconds * 1_000_000 + rest
        return zip(kinds, replies.dropFirst()).compactMap { kind, reply in
            let elements = reply.elements
            let states = stride(from: 0, to: elements.count - 1, by: 2).compactMap { index in
                Self.state(companyID, kind, start: elements[index].int, elements[index + 1].text)
            }
            return Self.present(states, now: now)
        }
    }

    /// Of the states that hold the moment and are not too old, the one whose period began last: a paid period goes
    /// before the month that it lies in.
    static func present(_ states: [(state: QuotaSnapshot, seenAt: Int64)], now: Int64) -> QuotaSnapshot? {
        let believed = Self.maxAge.microseconds
        return states.filter { $0.state.start <= now && now < $0.state.end && now - $0.seenAt <= believed }
            .max { $0.state.start < $1.state.start }?.state
    }

    private static func key(_ companyID: String, _ kind: String) -> String { "flotilla:quota:\(kind):\(companyID)" }

    private static func call(
        _ snapshot: (state: QuotaSnapshot, age: Duration)
    ) -> (keys: [String], arguments: [RedisArgument]) {
        let state = snapshot.state
        return (
            [key(state.companyID, state.kind)],
            [
                .int(state.start), .int(state.version), .int(state.end), .text(state.limit.map(String.init) ?? "-"),
                .int(state.used), .int(state.overage), .text(state.plan), .int(snapshot.age.microseconds),
                .int(maxAge.microseconds),
            ]
        )
    }

    /// Reads what the script has written.
    static func state(
        _ companyID: String,
        _ kind: String,
        start: Int64?,
        _ text: String?
    ) -> (state: QuotaSnapshot, seenAt: Int64)? {
        let parts = text?.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false) ?? []
        guard parts.count == 7, let start, let version = Int64(parts[0]), let seenAt = Int64(parts[1]),
            let end = Int64(parts[2]), let used = Int64(parts[4]), let overage = Int64(parts[5])
        else { return nil }
        let state = QuotaSnapshot(
            companyID: companyID,
            kind: kind,
            plan: String(parts[6]),
            start: start,
            end: end,
            limit: Int64(parts[3]),
            used: used,
            overage: overage,
            version: version
        )
        return (state, seenAt)
    }
}

extension Duration {
    fileprivate var microseconds: Int64 { Int64(self / .microseconds(1)) }
}
