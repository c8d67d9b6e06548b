/// What a ticket's QR code says: which ticket it is, of which event, since when and until when.
///
/// As text it is the Base32 of these bytes, integers with the most significant byte first. docs/tickets.md has an example.
///
/// | Bytes | What |
/// |---|---|
/// | 1 | version (1) in the upper half, algorithm in the lower: 1 is Ed25519, 2 is HMAC-SHA256 |
/// | 4 | key id |
/// | 4 | issue time, seconds since 1970 |
/// | 4 | expiry, seconds since 1970; 0 for none |
/// | 1 + n | event id: its length, then UTF-8 |
/// | 1 + n | ticket id: its length, then UTF-8 |
/// | 64 or 32 | signature of `flotilla.ticket.1`, a zero byte, and all bytes before |
///
/// Every token has exactly one text, and every other text is refused.
package struct TicketToken: Sendable, Hashable {
    /// Ids are 1 to this many bytes long, so that the QR code stays readable on paper.
    package static let longestID = 64
    /// No token is longer than this.
    package static let longestText = 360

    package let eventID: String
    package let ticketID: String
    /// Seconds since 1970.
    package let issuedAt: UInt32
    /// Seconds since 1970, the first second in which it is no longer valid; `nil` without an end.
    package let expiresAt: UInt32?

    /// - Returns: `nil` when an id is empty, too long or holds a NUL, or when the expiry is 0.
    package init?(eventID: String, ticketID: String, issuedAt: UInt32, expiresAt: UInt32? = nil) {
        guard Self.isValid(eventID), Self.isValid(ticketID), expiresAt != 0 else { return nil }
        self.eventID = eventID
        self.ticketID = ticketID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    package static func isValid(_ id: String) -> Bool {
        (1...longestID).contains(id.utf8.count) && !id.utf8.contains(0)
    }
}

extension TicketToken {
    private static let version: UInt8 = 1
    private static let headLength = 13

    /// What is signed besides the token's own bytes, so that a signature made for something else is never a ticket's.
    static let domain = Array("flotilla.ticket.1\u{0}".utf8)

    /// All bytes but the signature.
    func payload(algorithm: TicketAlgorithm, key: [UInt8]) -> [UInt8] {
        var bytes = [Self.version << 4 | algorithm.code] + key
        for time in [issuedAt, expiresAt ?? 0] {
            for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: time >> shift)) }
        }
        for id in [eventID, ticketID] { bytes += [UInt8(id.utf8.count)] + Array(id.utf8) }
        return bytes
    }

    /// A token as it was read, before its signature is looked at.
    struct Unverified {
        let token: TicketToken
        let algorithm: TicketAlgorithm
        let key: TicketKeyID
        let payload: [UInt8]
        let signature: [UInt8]
    }

    /// - Returns: `nil` for anything that no signer has written.
    static func read(_ text: String) -> Unverified? {
        guard text.utf8.count <= longestText, let bytes = Base32.decode(text.utf8), bytes.count > headLength,
            bytes[0] >> 4 == version,
            let algorithm = TicketAlgorithm.allCases.first(where: { $0.code == bytes[0] & 15 }),
            let key = TicketKeyID(bytes: Array(bytes[1..<5]))
        else { return nil }
        func time(at start: Int) -> UInt32 { bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        var rest = bytes[headLength...]
        func id() -> String? {
            guard let length = rest.popFirst(), rest.count >= Int(length) else { return nil }
            defer { rest = rest.dropFirst(Int(length)) }
            return String(validating: rest.prefix(Int(length)), as: UTF8.self)
        }
        let expiry = time(at: 9)
        guard let eventID = id(), let ticketID = id(), rest.count == algorithm.signatureLength,
            let token = TicketToken(
                eventID: eventID,
                ticketID: ticketID,
                issuedAt: time(at: 5),
                expiresAt: expiry == 0 ? nil : expiry
            )
        else { return nil }
        return Unverified(
            token: token,
            algorithm: algorithm,
            key: key,
            payload: Array(bytes[..<rest.startIndex]),
            signature: Array(rest)
        )
    }
}
