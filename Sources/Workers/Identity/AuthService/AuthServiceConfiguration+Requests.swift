import FlotillaOutbound
import FlotillaPlatform

extension AuthServiceConfiguration {
    func verification(of token: String) -> HTTPRequest {
        var request = request("GET", "/api/auth/verify")
        request.authorization = .bearer(Secret(token))
        return request
    }

    /// - Parameter token: of characters that a form takes as they are, but for `+`, `/` and `=`.
    func introspection(of token: String, _ path: String) -> HTTPRequest {
        var text = ""
        for byte in token.utf8 {
            switch byte {
            case UInt8(ascii: "+"): text += "%2B"
            case UInt8(ascii: "/"): text += "%2F"
            case UInt8(ascii: "="): text += "%3D"
            default: text.unicodeScalars.append(UnicodeScalar(byte))
            }
        }
        var request = request("POST", path)
        request.headers.append(.init("Content-Type", "application/x-www-form-urlencoded"))
        request.body = Array("token=\(text)&token_type_hint=access_token".utf8)
        return request
    }

    func request(_ method: String, _ path: String) -> HTTPRequest {
        HTTPRequest(
            method,
            url + path,
            headers: [.init("Accept", "application/json")],
            authorization: clientID.map { .basic(user: $0, password: clientSecret ?? Secret("")) },
            timeout: timeout,
            answerLimit: AuthServiceClient.longestAnswer
        )
    }
}
