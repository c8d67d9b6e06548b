import FlotillaPlatform

/// Where a ticket's file is, for programs and for people.
package struct TicketAddress: Sendable {
    /// What addresses begin with, `https://cdn.example.com/tickets`; or a whole address with `{id}` or `{path}` in it.
    private let base: String
    /// Whether an address has to prove that its holder was given it: where the API itself serves the files.
    private let isProven: Bool

    package init(base: String, isProven: Bool) {
        self.base = base
        self.isProven = isProven
    }

    /// Below the folder or bucket: `2026/01/30/789.pdf`, by the day of issue in UTC.
    ///
    /// - Parameter issuedAt: seconds since 1970.
    static func path(of ticketID: String, issuedAt: UInt32) -> String {
        let day = WallClock.iso8601(Int64(issuedAt) * 1_000_000).prefix(10).map { $0 == "-" ? "/" : $0 }
        return "\(String(day))/\(fileName(of: ticketID))"
    }

    /// `789.pdf`; an id that is more than letters, digits, `-` and `_` is named by its digest, `x.4b6c….pdf`. The dot
    /// keeps it apart from every id that is used as it is.
    static func fileName(of ticketID: String) -> String {
        let isPlain = ticketID.utf8.allSatisfy(isPlain)
        return isPlain ? "\(ticketID).pdf" : "x.\(SHA256.digest(ticketID).prefix(16).hexadecimal).pdf"
    }

    /// As the seed's `filePath`.
    static func shownPath(_ path: String) -> String { "/tickets/\(path)" }

    func url(of ticketID: String, path: String, token: String) -> String {
        let name = Self.fileName(of: ticketID)
        if base.contains("{id}") || base.contains("{path}") {
            return base.replacing("{id}", with: String(name.dropLast(4))).replacing("{path}", with: path)
        }
        guard isProven else { return "\(base)/\(name)" }
        // The API finds the ticket by its id, whatever its file is called.
        return "\(base)/\(Self.percentEncoded(ticketID)).pdf?proof=\(Self.proof(of: token))"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || "-_".utf8.contains(byte)
    }

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { isPlain($0) ? String(Unicode.Scalar($0)) : "%" + [$0].hexadecimal.uppercased() }.joined()
    }

    /// What shows that somebody was given the address: it follows from the token, which nobody can guess.
    package static func proof(of token: String) -> String {
        SHA256.digest("flotilla.ticket-file.1 \(token)").prefix(16).hexadecimal
    }
}
