import FlotillaPlatform

/// One event of a stream, as the HTML standard's "Server-sent events" has it.
struct ServerSentEvent: Hashable {
    /// Sent at the beginning: how long a client waits until it connects again.
    static let opening = Array("retry: 2000\n\n".utf8)
    /// A comment, by which both ends and all between them know that the other is there.
    static let heartbeat = Array(": \n\n".utf8)

    /// Says that a client has missed more than it is told of.
    static let more = Array(": more has changed than is told here; GET /api/v1/jobs has it\n\n".utf8)

    /// What a client says in `Last-Event-ID` to go on behind it; `nil` leaves that as it was.
    var id: String?
    var data: String

    var bytes: [UInt8] {
        var bytes = Array(((id.map { "id: \($0)\n" } ?? "") + "event: job\ndata: ").utf8)
        var last: UInt8?
        // JSON has no line ends but between its tokens, where a payload that is shown as it was sent may have some.
        for byte in data.utf8 {
            switch (last, byte) {
            case (0x0d, 0x0a): break
            case (_, 0x0a), (_, 0x0d): bytes += "\ndata: ".utf8
            default: bytes.append(byte)
            }
            last = byte
        }
        return bytes + "\n\n".utf8
    }

    /// With an id that says what the data are: the same for the same data.
    static func digested(_ data: String) -> Self {
        Self(id: Array(SHA256.digest(data).prefix(8)).hexadecimal, data: data)
    }

    /// No event: it only says how far the client is.
    static func mark(_ time: Int64) -> [UInt8] { Array("id: \(time)\n\n".utf8) }
}
