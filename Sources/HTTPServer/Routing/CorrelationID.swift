import FlotillaPlatform

/// The id by which a request is found again in logs, messages and audit rows.
package enum CorrelationID {
    package static let header = "X-Correlation-ID"

    package static func make() -> String { UUIDv7.make() }

    /// The caller's own id, or one of the server's when there is none, or it could not go into a log or a header as it is: the
    /// same whoever asks.
    package static func of(_ request: HTTPRequest) -> String {
        guard let given = request.headers[header], isValid(given) else { return request.ownID }
        return given
    }

    /// From 1 to 128 letters, digits and `-_.:/+=@`.
    static func isValid(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                default: "-_.:/+=@".utf8.contains(byte)
                }
            }
    }
}
