import FlotillaPlatform
import CFlotillaCurl

/// What a server answered. Redirects are answers too: they are not followed.
package struct HTTPClientResponse: Sendable, Hashable {
    package let status: Int
    package let headers: [Header]
    package let body: [UInt8]

    package struct Header: Sendable, Hashable {
        /// As the server spells it.
        package let name: String
        package let value: String
    }

    package init(status: Int, headers: [Header], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// - Parameter lines: the heads of all answers to one request; the last one counts.
    init(status: Int, lines: [String], body: [UInt8]) {
        let start = lines.lastIndex { $0.hasPrefix("HTTP/") } ?? lines.startIndex
        let headers = lines[start...].dropFirst().compactMap { line -> Header? in
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            return Header(name: String(line[..<colon]), value: String(value))
        }
        self.init(status: status, headers: headers, body: body)
    }

    /// The first header of that name, in whatever case.
    package subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package var isSuccess: Bool { (200..<300).contains(status) }

    /// How long the server asks to be left alone (`Retry-After`, in seconds or as a date); at most a day.
    package var retryAfter: Duration? {
        guard let text = self["Retry-After"]?.filter({ $0 != "\r" }), !text.isEmpty else { return nil }
        let longest = Duration.seconds(86_400)
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return Int(text).map { min(.seconds($0), longest) } ?? longest
        }
        let date = unsafe curl_getdate(text, nil)
        guard date >= 0 else { return nil }
        let seconds = Int64(date) - WallClock.microseconds() / 1_000_000
        return min(max(.seconds(seconds), .zero), longest)
    }
}
