/// A queue that a process holds because the database lacks what its worker needs.
package struct HeldQueue: Sendable, Hashable {
    package let queue: String
    /// The server's five characters.
    package let sqlState: String
    package let problem: String
    /// Microseconds since 1970.
    package let since: Int64

    package init(queue: String, sqlState: String, problem: String, since: Int64) {
        self.queue = queue
        self.sqlState = sqlState
        self.problem = problem
        self.since = since
    }
}

/// The held queues of all processes, in Redis: a process that says no more is forgotten after a minute.
///
/// It is Redis and not a table, since the database is what is not as it should be.
package struct HeldQueues: Sendable {
    /// How often a process says what it holds.
    package static let interval = Duration.seconds(2)
    private static let prefix = "flotilla:held:"
    private static let processes: RedisArgument = "flotilla:held"
    private static let secondsKept: Int64 = 60

    private let redis: RedisClient

    package init(_ redis: RedisClient) { self.redis = redis }

    /// - Returns: whether Redis has taken it.
    package func replace(_ held: [HeldQueue], of process: String) async -> Bool {
        let key = RedisArgument.text(Self.prefix + process)
        var commands: [[RedisArgument]] = [["DEL", key]]
        if held.isEmpty {
            commands.append(["SREM", Self.processes, .text(process)])
        } else {
            let fields = held.flatMap { held -> [RedisArgument] in
                [.text(held.queue), .text("\(held.since) \(held.sqlState) \(held.problem)")]
            }
            commands += [["HSET", key] + fields, ["EXPIRE", key, .int(Self.secondsKept)]]
            commands.append(["SADD", Self.processes, .text(process)])
        }
        return (try? await redis.pipeline(commands)) != nil
    }

    /// What each process holds.
    package func all() async throws(RedisError) -> [(process: String, held: HeldQueue)] {
        let processes = try await redis.command(["SMEMBERS", Self.processes]).elements.compactMap(\.text)
        let replies = try await redis.pipeline(processes.map { ["HGETALL", .text(Self.prefix + $0)] })
        var found: [(process: String, held: HeldQueue)] = []
        for (process, reply) in zip(processes, replies) {
            let texts = reply.elements.compactMap(\.text)
            if texts.isEmpty { _ = try await redis.command(["SREM", Self.processes, .text(process)]) }
            for index in stride(from: 0, to: texts.count - 1, by: 2) {
                let parts = texts[index + 1].split(separator: " ", maxSplits: 2).map(String.init)
                guard parts.count == 3, let since = Int64(parts[0]) else { continue }
                let held = HeldQueue(queue: texts[index], sqlState: parts[1], problem: parts[2], since: since)
                found.append((process, held))
            }
        }
        return found.sorted { ($0.held.queue, $0.process) < ($1.held.queue, $1.process) }
    }
}
