/// What a body may say of itself: `Content-Type`, its `charset`, and `Content-Encoding`.
enum BodyType {
    /// One JSON value.
    case json
    /// A JSON value on each line.
    case lines

    /// - Throws: 415 for what can't be read, with the name of it.
    func check(_ headers: HTTPHeaders) throws(APIError) {
        let types = headers.values(of: "Content-Type")
        if let type = types.first {
            guard types.count == 1, isMine(type) else {
                throw APIError(
                    status: 415,
                    code: "unsupported_media_type",
                    message: mistake
                )
            }
            let charsets = Self.charsets(of: type)
            // Of two, somebody in between may believe the other one.
            guard charsets.count <= 1, charsets.allSatisfy({ ["utf-8", "utf8", "us-ascii"].contains($0.lowercased()) })
            else {
                let found = charsets.map { String($0.prefix(40)) }.joined(separator: " and ")
                throw APIError(
                    status: 415,
                    code: "unsupported_charset",
                    message: "JSON has to be UTF-8, said once, not \(found)."
                )
            }
        }
        for coding in headers.values(of: "Content-Encoding").flatMap({ $0.split(separator: ",") }) {
            let name = coding.filter { $0 != " " && $0 != "\t" }
            guard name.lowercased() == "identity" else {
                throw APIError(
                    status: 415,
                    code: "unsupported_content_encoding",
                    message: "A body in the Content-Encoding \(name.prefix(40)) is not read here: send it as it is.",
                    headers: ["Accept-Encoding": "identity"]
                )
            }
        }
    }

    private var mistake: String {
        switch self {
        case .json: "The body has to be JSON: send Content-Type: application/json."
        case .lines: "The body has to be a JSON object on each line: send Content-Type: \(LineBody.mediaType)."
        }
    }

    private func isMine(_ type: String) -> Bool {
        let media = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return switch self {
        case .json: media == "application/json" || media.hasSuffix("+json")
        case .lines: [LineBody.mediaType, "application/ndjson", "application/jsonl"].contains(media)
        }
    }

    private static func charsets(of type: String) -> [String] {
        type.split(separator: ";").dropFirst().compactMap { parameter in
            let parts = parameter.split(separator: "=", maxSplits: 1).map { part in
                part.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
            }
            return parts.count == 2 && parts[0].lowercased() == "charset" ? parts[1] : nil
        }
    }
}
