import FlotillaHTTPRouting
import FlotillaPlatform

/// Packs answers for clients that take gzip.
enum AnswerCompression {
    /// Smaller answers gain nothing.
    private static let threshold = 1_024

    /// Packs an answer that may be packed, is worth it, and is not packed yet.
    static func apply(to response: inout HTTPResponse, for request: HTTPRequest) {
        guard response.body.count > threshold, response.headers["Content-Encoding"] == nil,
            isText(response.headers["Content-Type"] ?? "")
        else { return }
        response.vary("Accept-Encoding")
        guard isAccepted(by: request), let packed = Gzip.pack(response.body), packed.count < response.body.count else {
            return
        }
        response.body = packed
        response.headers.add("Content-Encoding", "gzip")
    }

    /// By the weights that the client gives; one that says nothing gets no gzip.
    static func isAccepted(by request: HTTPRequest) -> Bool {
        guard request.headers["Accept-Encoding"] != nil else { return false }
        let accepted = WeightedValues(request.headers.list("Accept-Encoding"))
        guard let weight = accepted.weight(of: "gzip", "x-gzip", "*"), weight > 0 else { return false }
        return weight >= accepted.weight(of: "identity") ?? 0
    }

    private static func isText(_ type: String) -> Bool {
        let name = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        return ["application/json", "application/x-ndjson"].contains(name)
            || name.hasPrefix("text/") && name != "text/event-stream"
    }
}
