/// As much of AMQP 0-9-1 as it takes to see whether a broker lets a user in.
struct AMQPGreeting {
    private(set) var version: String?
    /// The broker accepted the credentials and went on to tune the connection.
    private(set) var isLoggedIn = false
    private(set) var hasStarted = false

    /// The protocol header, and the answer to the broker's `connection.start` in advance.
    static func login(user: String, password: String) -> [UInt8] {
        let response = [0] + Array(user.utf8) + [0] + Array(password.utf8)
        var method: [UInt8] = [0, 10, 0, 11]
        method += length(0)
        method += short("PLAIN")
        method += length(response.count) + response
        method += short("en_US")
        return Array("AMQP".utf8) + [0, 0, 9, 1] + [1, 0, 0] + length(method.count) + method + [0xce]
    }

    /// Reads the frames that have arrived whole.
    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while rest.count >= 8 {
            let size = rest.dropFirst(3).prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= size + 8 else { return }
            let body = rest.dropFirst(7).prefix(size)
            switch Array(body.prefix(4)) {
            case [0, 10, 0, 10]:
                hasStarted = true
                version = Self.version(in: body)
            case [0, 10, 0, 30]: isLoggedIn = true
            default: break
            }
            rest = rest.dropFirst(size + 8)
        }
    }

    /// The long string (type S) under the key `version` of the server's properties.
    private static func version(in body: ArraySlice<UInt8>) -> String? {
        let key = short("version") + [UInt8(ascii: "S")]
        guard let found = body.firstRange(of: key) else { return nil }
        let value = body[found.upperBound...]
        let size = value.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        return String(decoding: value.dropFirst(4).prefix(size), as: UTF8.self)
    }

    private static func short(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

    private static func length(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
