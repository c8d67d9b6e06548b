import FlotillaHTTPRouting

/// What a request's head has to fulfil before anything else is looked at.
enum RequestHead {
    /// What the library needs beside the head: for the head of the answer, and to read on.
    static let reservedMemory = 8 << 10
    /// When the library needs more than that for fields, parameters and cookies, what it has read of further requests may
    /// leave no room for an answer.
    static let roomyMemory = 4 << 10

    /// What can be said without the fields.
    ///
    /// - Parameters:
    ///   - target: as sent.
    ///   - limit: for ``HeadBytes/memory``.
    /// - Throws: 400 for what the library reads otherwise than others may, 414 and 431 beyond the limit.
    static func check(_ bytes: HeadBytes, target: String, limit: Int) throws(APIError) {
        guard bytes.isReadable, target.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { throw .malformedHead }
        guard bytes.memory <= limit else { throw .unreadable(status: target.utf8.count >= limit ? 414 : 431) }
    }

    /// Whether a body follows.
    ///
    /// - Parameter isOld: whether it is HTTP/1.0, which has no `Transfer-Encoding`.
    /// - Throws: 400 when it can't be told where the request ends or what `Host` is meant, 413 for a body over the limit,
    ///   417 for an `Expect` other than `100-continue`, 501 for a coding of the transfer other than `chunked`.
    static func check(_ headers: HTTPHeaders, isOld: Bool = false, bodyLimit: Int) throws(APIError) -> Bool {
        guard headers.fields.allSatisfy({ isToken($0.name) }) else { throw .malformedField }
        let codings = headers.values(of: "Transfer-Encoding")
        let lengths = Set(headers.values(of: "Content-Length"))
        // Two readings of where a request ends are how one is smuggled past a proxy.
        guard lengths.count <= 1, codings.isEmpty || lengths.isEmpty && !isOld else { throw .ambiguousLength }
        let hosts = headers.values(of: "Host")
        guard hosts.count <= 1, hosts.allSatisfy(isHost) else { throw .malformedHost }
        guard headers.values(of: "Expect").allSatisfy({ $0.lowercased() == "100-continue" }) else {
            throw .unknownExpectation
        }
        if !codings.isEmpty {
            guard codings.count == 1, codings[0].lowercased() == "chunked" else { throw .unknownTransferCoding }
            return true
        }
        guard let text = lengths.first else { return false }
        guard let length = Int(text), length >= 0, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .ambiguousLength
        }
        guard length <= bodyLimit else { throw .bodyTooLarge(limit: bodyLimit) }
        return length > 0
    }

    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") }
    }

    /// A name or an address, and perhaps a port: what is not refused is not looked at any further.
    private static func isHost(_ text: String) -> Bool {
        var bytes = Substring(text).utf8
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return !bytes.isEmpty
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                default: "-._~%!$&'()*+,;=:[]".utf8.contains(byte)
                }
            }
    }
}
