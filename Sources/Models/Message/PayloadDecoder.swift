import FoundationEssentials

/// Decodes bodies into payloads, and says of those it refuses which field is wrong and what was expected.
///
/// A body has to be one JSON value in UTF-8, nested at most 128 levels deep: this is checked before any recursive
/// parser sees it.
public enum PayloadDecoder {
    private static let json = JSONDecoder()

    public static func decode<Payload: Decodable>(
        _ type: Payload.Type = Payload.self,
        from body: [UInt8]
    ) throws(InvalidPayload) -> Payload {
        if let whole = type as? any WholeBody.Type, let payload = try whole.init(body: body) as? Payload {
            return payload
        }
        try JSONScanner.check(body)
        do {
            return try json.decode(type, from: Data(body))
        } catch let error as InvalidPayload {
            throw error
        } catch let error as DecodingError {
            throw InvalidPayload(error, in: body)
        } catch {
            throw InvalidPayload(field: "", problem: "does not decode: \(error)")
        }
    }
}

extension InvalidPayload {
    /// - Parameter body: where to look up what was found.
    fileprivate init(_ error: DecodingError, in body: [UInt8]) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(path: context.codingPath + [key], problem: "missing")
        case .valueNotFound(let type, let context):
            self.init(path: context.codingPath, problem: "expected \(Self.noun(for: type)), found null")
        case .typeMismatch(let type, let context):
            let found = JSONKind.of(context.codingPath, in: body)?.noun ?? "something else"
            self.init(path: context.codingPath, problem: "expected \(Self.noun(for: type)), found \(found)")
        case .dataCorrupted(let context):
            self.init(path: context.codingPath, problem: context.debugDescription)
        @unknown default:
            self.init(field: "", problem: "does not decode: \(error)")
        }
    }

    private init(path: [any CodingKey], problem: String) {
        let field = path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        self.init(field: Self.shortened(field), problem: Self.shortened(problem))
    }

    /// Names and values come from outside; neither may fill a header or a log line.
    private static func shortened(_ text: String) -> String {
        text.utf8.count <= 300 ? text : text.prefix(200) + "…"
    }

    private static func noun(for type: Any.Type) -> String {
        switch type {
        case is String.Type, is Substring.Type: "a string"
        case is Bool.Type: "true or false"
        case is any FixedWidthInteger.Type: "an integer"
        case is any BinaryFloatingPoint.Type, is Decimal.Type: "a number"
        case is [Any].Type: "an array"
        case is [String: Any].Type: "an object"
        case is Date.Type: "a date"
        default: "\(type)"
        }
    }
}
