/// Commands in Redis's own protocol: an array of strings, each with its length before it.
struct RESPBuffer {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ arguments: [RedisArgument]) {
        header("*", arguments.count)
        for argument in arguments {
            switch argument {
            case .text(let text): append(text.utf8)
            case .bytes(let raw): append(raw)
            case .int(let number): append(String(number).utf8)
            }
        }
    }

    private mutating func append(_ content: some Collection<UInt8>) {
        header("$", content.count)
        bytes.append(contentsOf: content)
        bytes.append(contentsOf: "\r\n".utf8)
    }

    private mutating func header(_ kind: String, _ count: Int) {
        bytes.append(contentsOf: kind.utf8)
        bytes.append(contentsOf: String(count).utf8)
        bytes.append(contentsOf: "\r\n".utf8)
    }
}
