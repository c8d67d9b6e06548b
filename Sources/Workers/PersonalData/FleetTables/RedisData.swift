package import FlotillaStorage

/// Whatever the fleet keeps in Redis. It is a projection: fields and elements that mention the person are deleted, and
/// are made again from Postgres where they are needed. What else their key holds stays.
package struct RedisData: PersonalDataStore {
    package let name = "Redis"
    package let tables: [String] = []
    private let redis: RedisClient

    package init(_ redis: RedisClient) { self.redis = redis }

    private static let page: Int64 = 500

    package func erase(_ person: Person, isDryRun: Bool) async throws -> ErasureCount {
        let matcher = Redaction(person).everywhere
        var count = ErasureCount()
        var cursor = "0"
        repeat {
            let reply = try await redis.command([
                "SCAN", .text(cursor), "MATCH", "flotilla:*", "COUNT", .int(Self.page),
            ])
            let parts = reply.elements
            cursor = parts.first?.text ?? "0"
            let keys = parts.dropFirst().first?.elements.compactMap(\.text) ?? []
            let changes = try await changes(of: keys, matcher)
            let own = changes.count(where: \.isOwn)
            count += ErasureCount(own: own, mentions: changes.count - own)
            guard !isDryRun else { continue }
            for command in changes.flatMap(\.commands) { _ = try await redis.command(command) }
        } while cursor != "0"
        return count
    }

    /// What takes the person out of a key.
    private typealias Change = (commands: [[RedisArgument]], isOwn: Bool)

    private func changes(of keys: [String], _ matcher: TraceMatcher) async throws -> [Change] {
        guard !keys.isEmpty else { return [] }
        let types = try await redis.pipeline(keys.map { ["TYPE", .text($0)] })
        let reads: [[RedisArgument]] = zip(keys, types).map { key, type in
            switch type.text {
            case "hash": ["HGETALL", .text(key)]
            case "list": ["LRANGE", .text(key), 0, -1]
            case "set": ["SMEMBERS", .text(key)]
            case "zset": ["ZRANGE", .text(key), 0, -1]
            case "string": ["GET", .text(key)]
            default: ["EXISTS", .text(key)]
            }
        }
        let values = try await redis.pipeline(reads)
        return zip(keys, zip(types, values)).compactMap { change(of: $0, $1.0.text ?? "", $1.1, matcher) }
    }

    private func change(of key: String, _ type: String, _ value: RedisReply, _ matcher: TraceMatcher) -> Change? {
        func isConcerned(_ reply: RedisReply) -> Bool { reply.text.map(matcher.isFound) ?? false }
        if matcher.isFound(in: key) || isConcerned(value) { return ([["DEL", .text(key)]], true) }
        let elements = value.elements
        if type == "hash" {
            let fields = stride(from: 0, to: elements.count - 1, by: 2)
            let concerned = fields.filter { isConcerned(elements[$0]) || isConcerned(elements[$0 + 1]) }
            guard !concerned.isEmpty else { return nil }
            let command: [RedisArgument] = ["HDEL", .text(key)] + concerned.map { elements[$0].argument }
            return ([command], concerned.count * 2 == elements.count)
        }
        let concerned = elements.filter(isConcerned)
        guard !concerned.isEmpty else { return nil }
        let commands: [[RedisArgument]] =
            switch type {
            case "list": concerned.map { ["LREM", .text(key), 0, $0.argument] }
            case "set": [["SREM", .text(key)] + concerned.map(\.argument)]
            default: [["ZREM", .text(key)] + concerned.map(\.argument)]
            }
        return (commands, concerned.count == elements.count)
    }
}

extension RedisReply {
    /// The same bytes, to be sent back.
    fileprivate var argument: RedisArgument {
        if case .bytes(let bytes) = self { .bytes(bytes) } else { .text(text ?? "") }
    }
}
