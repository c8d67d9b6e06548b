import CFlotillaMicroHTTPD
import FlotillaHTTPRouting

/// An answer as bytes, for where the library takes none. It ends the connection.
enum RawAnswer {
    /// - Parameter isHead: whether the request was HEAD, whose answer has no body.
    static func bytes(of response: HTTPResponse, isHead: Bool = false) -> [UInt8] {
        let phrase = unsafe MHD_get_reason_phrase_for(UInt32(response.status)).map { unsafe String(cString: $0) } ?? ""
        var head = "HTTP/1.1 \(response.status) \(phrase)\r\nDate: \(date)\r\nConnection: close\r\n"
        for (name, value) in response.headers.fields { head += "\(name): \(value)\r\n" }
        head += "Content-Length: \(response.body.count)\r\n\r\n"
        return Array(head.utf8) + (isHead ? [] : response.body)
    }

    private static var date: String {
        var text = [CChar](repeating: 0, count: 32)
        unsafe fleet_http_date(&text)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
