import FlotillaModels
import FoundationEssentials

/// One member of a body's object.
package struct JSONMember {
    let kind: JSONScanner.Kind
    /// The value as it was sent, the quotes of a string included.
    let raw: ArraySlice<UInt8>

    init(_ member: JSONScanner.Member, in body: [UInt8]) {
        kind = member.kind
        raw =
            member.kind == .string
            ? body[member.value.lowerBound - 1..<member.value.upperBound + 1]
            : body[member.value]
    }

    /// The value as it was sent.
    package var bytes: [UInt8] { Array(raw) }

    var text: String { String(decoding: raw, as: UTF8.self) }

    package func string() throws(RuleProblem) -> String {
        guard kind == .string else { throw mismatch("a string") }
        guard let text = Self.unquoted(raw) else { throw RuleProblem("has an escape that is not a character") }
        return text
    }

    func mismatch(_ expected: String) -> RuleProblem {
        let found =
            switch kind {
            case .object: "an object"
            case .array: "an array"
            case .string: "a string"
            case .number: "a number"
            case .boolean: "true or false"
            case .null: "null"
            }
        return RuleProblem("has to be \(expected), not \(found)")
    }

    /// The text of a JSON string in quotes; `nil` when an escape is half of a surrogate pair.
    static func unquoted(_ quoted: ArraySlice<UInt8>) -> String? {
        guard quoted.contains(UInt8(ascii: "\\")) else {
            return String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
        }
        return try? JSONDecoder().decode(String.self, from: Data(quoted))
    }
}
