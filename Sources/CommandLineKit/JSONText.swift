import FlotillaPlatform
import FoundationEssentials

/// Values as JSON for people and scripts: keys sorted, slashes unescaped, dates in ISO 8601, and what could steer a
/// terminal escaped.
package enum JSONText {
    package static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self).escapingTextControlsOfJSON
    }
}
