package import FlotillaStorage

/// Whatever the fleet keeps in Redis. It is a projection: what mentions the person is deleted, and is made again from
/// Postgres where it is needed.
package struct RedisData: PersonalDataStore {
    package let name = "Redis"
    package let tables: [String] = []
    private let redis: RedisClient

    package init(_ redis: RedisClient) { self.redis = redis }

    private static let page: Int64 = 500

    package func erase(_ person: Person, isDryRun: Bool) async throws -> Int {
        // Whoever wrote it may have written it in other capitals.
        let texts = person.unmistakable.map { $0.lowercased() }
        guard !texts.isEmpty else { return 0 }
        var count = 0
        var cursor = "0"
        repeat {
            let reply = try await redis.command([
                "SCAN", .text(cursor), "MATCH", "flotilla:*", "COUNT", .int(Self.page),
            ])
            let parts = reply.elements
            cursor = parts.first?.text ?? "0"
            let keys = parts.dropFirst().first?.elements.compactMap(\.text) ?? []
            let concerned = try await concerned(keys, texts)
            count += concerned.count
            if !isDryRun, !concerned.isEmpty {
                _ = try await redis.command(["DEL"] + concerned.map { .text($0) })
            }
        } while cursor != "0"
        return count
    }

    private func concerned(_ keys: [String], _ texts: [String]) async throws -> [String] {
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
        return zip(keys, values).filter { key, value in
            let all = [key] + (value.elements.isEmpty ? [value.text ?? ""] : value.elements.map { $0.text ?? "" })
            return texts.contains { text in all.contains { $0.lowercased().contains(text) } }
        }.map(\.0)
    }
}
