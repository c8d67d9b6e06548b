/// As much of PostgreSQL's protocol (version 3.0) as it takes to see whether a server lets a user in.
struct PostgresGreeting {
    private(set) var isReady = false
    private(set) var version: String?
    /// The server asks for a password, which a greeting doesn't have.
    private(set) var wantsPassword = false
    private(set) var failure: String?

    var isComplete: Bool { isReady || wantsPassword || failure != nil }

    /// The first message of a connection.
    static func startup(user: String, database: String) -> [UInt8] {
        var body: [UInt8] = [0, 3, 0, 0]
        for word in ["user", user, "database", database, "application_name", "flotilla probe"] {
            body += Array(word.utf8) + [0]
        }
        body.append(0)
        return bigEndian(UInt32(body.count + 4)) + body
    }

    /// Reads the messages that have arrived whole.
    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while rest.count >= 5 {
            let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard length >= 4, rest.count >= length + 1 else { return }
            let body = rest.dropFirst(5).prefix(length - 4)
            switch rest.first {
            case UInt8(ascii: "R"): wantsPassword = wantsPassword || body.contains { $0 != 0 }
            case UInt8(ascii: "S"): readParameter(body)
            case UInt8(ascii: "E"): failure = Self.message(in: body)
            case UInt8(ascii: "Z"): isReady = true
            default: break
            }
            rest = rest.dropFirst(length + 1)
        }
    }

    private mutating func readParameter(_ body: ArraySlice<UInt8>) {
        let words = body.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        if words.count == 2, words[0] == "server_version" { version = words[1] }
    }

    /// The field `M` of an error.
    private static func message(in body: ArraySlice<UInt8>) -> String {
        let field = body.split(separator: 0).first { $0.first == UInt8(ascii: "M") }
        return field.map { String(decoding: $0.dropFirst(), as: UTF8.self) } ?? "refused"
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
