import FoundationEssentials

/// What a place in a JSON text holds, for messages about what was found instead of what was expected.
indirect enum JSONKind: Decodable {
    case object([String: JSONKind])
    case array([JSONKind])
    case string, number, boolean, null

    init(from decoder: any Decoder) throws {
        if let members = try? [String: JSONKind](from: decoder) {
            self = .object(members)
        } else if let elements = try? [JSONKind](from: decoder) {
            self = .array(elements)
        } else {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if (try? value.decode(Bool.self)) != nil {
                self = .boolean
            } else if (try? value.decode(String.self)) != nil {
                self = .string
            } else {
                self = .number
            }
        }
    }

    /// The kind at the end of a path; `nil` when the path leads nowhere, and for bodies too big to be worth the memory.
    static func of(_ path: [any CodingKey], in body: [UInt8]) -> JSONKind? {
        guard body.count <= 1 << 18 else { return nil }
        var kind = try? JSONDecoder().decode(JSONKind.self, from: Data(body))
        for key in path {
            switch kind {
            case .object(let members): kind = members[key.stringValue]
            case .array(let elements):
                kind = key.intValue.flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            default: return nil
            }
        }
        return kind
    }

    var noun: String {
        let kind: JSONScanner.Kind =
            switch self {
            case .object: .object
            case .array: .array
            case .string: .string
            case .number: .number
            case .boolean: .boolean
            case .null: .null
            }
        return kind.noun
    }
}
