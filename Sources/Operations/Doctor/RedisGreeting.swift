/// As much of Redis's protocol as it takes to see its version or its refusal.
struct RedisGreeting {
    let version: String?
    let failure: String?

    static func command(_ words: [String]) -> String {
        "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    init(_ answer: [UInt8]) {
        let lines = String(decoding: answer, as: UTF8.self).split(whereSeparator: \.isNewline)
        version = lines.first { $0.hasPrefix("redis_version:") }.map { String($0.dropFirst(14)) }
        failure = version == nil ? lines.first { $0.hasPrefix("-") }.map { String($0.dropFirst()) } : nil
    }
}
