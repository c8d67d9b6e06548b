/// A path with places for values: `/api/v1/jobs/{id}`.
package struct PathPattern: Sendable, Hashable {
    private enum Segment: Sendable, Hashable {
        case literal(Substring)
        case parameter(String)
    }

    package let text: String
    private let segments: [Segment]

    init(_ text: String) {
        self.text = text
        segments = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { segment in
            let segment = Substring(segment)
            return segment.hasPrefix("{") && segment.hasSuffix("}")
                ? .parameter(String(segment.dropFirst().dropLast())) : .literal(segment)
        }
    }

    package var parameters: [String] {
        segments.compactMap { segment in
            if case .parameter(let name) = segment { name } else { nil }
        }
    }

    /// How many segments are fixed; of two patterns that match, the one with more is meant.
    package var specificity: Int { segments.count - parameters.count }

    /// The decoded values of the parameters, or `nil` when the path is another one.
    package func match(_ path: [Substring]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (segment, part) in zip(segments, path) {
            switch segment {
            case .literal(let literal):
                guard literal == part else { return nil }
            case .parameter(let name):
                guard let value = String(part).percentDecoded(), !value.isEmpty else { return nil }
                values[name] = value
            }
        }
        return values
    }

    package static func split(_ path: String) -> [Substring] {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Substring($0) }
    }
}
