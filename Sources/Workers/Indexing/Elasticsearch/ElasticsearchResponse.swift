import FlotillaModels

struct ElasticsearchResponse: Sendable {
    static let indexNotFound = "index_not_found_exception"

    let status: Int
    let json: JSONValue

    /// - Throws: `IndexError` for an answer that is no success.
    func checked(_ operation: String) throws -> JSONValue {
        guard (200..<300).contains(status) else {
            throw IndexError(code: .refused, operation: operation, detail: Self.reason(json, status))
        }
        return json
    }

    static func reason(_ json: JSONValue, _ status: Int) -> String {
        let error = json["error"]
        let text = error?["reason"]?.text ?? error?.text ?? ""
        let type = error?["type"]?.text.map { "\($0): " } ?? ""
        return "status \(status) \(type)\(text.prefix(300))"
    }
}
