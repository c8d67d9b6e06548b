import FlotillaHTTPRouting

/// Which pages of other origins may call the API from a browser (CORS), and what they may see of an answer.
package struct CrossOriginPolicy: Sendable {
    private static let requestHeaders = [
        "Authorization", "Content-Type", "Idempotency-Key", "X-API-Key", "X-Correlation-ID", "traceparent",
    ]
    private static let exposedHeaders = [
        "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed", "X-Correlation-ID",
    ]
    /// How long a browser may remember a preflight, in seconds.
    private static let maxAge = 600

    private let origins: Set<String>
    private let allowsAll: Bool

    /// - Parameter origins: `https://app.example.com`, without a path; `*` alone is every origin.
    /// - Returns: `nil` for what is no list of origins.
    package init?(_ origins: [String]) {
        allowsAll = origins == ["*"]
        guard allowsAll || !origins.isEmpty && origins.allSatisfy(Self.isOrigin) else { return nil }
        self.origins = Set(origins)
    }

    /// A scheme, a host and perhaps a port, in small letters, as browsers send them.
    private static func isOrigin(_ text: String) -> Bool {
        guard let colon = text.firstRange(of: "://") else { return false }
        let (scheme, host) = (text[..<colon.lowerBound], text[colon.upperBound...])
        return !host.isEmpty && text == text.lowercased() && !scheme.isEmpty
            && scheme.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "-") }
            && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"/?#@*,".utf8.contains($0) }
    }

    /// What the browser asks before it lets a page send something: whether it may.
    static func isPreflight(_ request: HTTPRequest) -> Bool {
        request.method == "OPTIONS" && request.headers["Origin"] != nil
            && request.headers["Access-Control-Request-Method"] != nil
    }

    /// - Parameters:
    ///   - methods: those of the path.
    ///   - fields: header fields that its routes take.
    /// - Throws: 403 for an origin that is not on the list.
    func preflight(
        _ request: HTTPRequest,
        methods: [String],
        fields: [String]
    ) throws(APIError) -> HTTPResponse {
        guard allows(request) else {
            throw APIError(
                status: 403,
                code: "origin_not_allowed",
                message: "Pages of this origin may not call this API."
            )
        }
        var response = HTTPResponse(status: 204)
        let more = fields.filter { field in !Self.requestHeaders.contains { $0.lowercased() == field.lowercased() } }
        response.headers.add("Access-Control-Allow-Methods", methods.joined(separator: ", "))
        response.headers.add("Access-Control-Allow-Headers", (Self.requestHeaders + more).joined(separator: ", "))
        response.headers.add("Access-Control-Max-Age", String(Self.maxAge))
        return response
    }

    /// Adds what lets a page of an origin on the list see an answer; nothing of it for others.
    func mark(_ response: inout HTTPResponse, to request: HTTPRequest) {
        response.vary("Origin")
        guard allows(request), let origin = request.headers["Origin"] else { return }
        response.headers.add("Access-Control-Allow-Origin", allowsAll ? "*" : origin)
        // Browsers refuse this together with the asterisk, and rightly.
        if !allowsAll { response.headers.add("Access-Control-Allow-Credentials", "true") }
        guard !Self.isPreflight(request) else { return }
        response.headers.add("Access-Control-Expose-Headers", Self.exposedHeaders.joined(separator: ", "))
    }

    private func allows(_ request: HTTPRequest) -> Bool {
        let sent = request.headers.values(of: "Origin")
        guard sent.count == 1 else { return false }
        return allowsAll || origins.contains(sent[0])
    }
}
