import FlotillaCommandLineKit
import FlotillaModels

/// Durations between commas.
package struct DurationList: TextValue, Hashable {
    package let durations: [Duration]

    package init(_ durations: [Duration]) { self.durations = durations }

    private static let range = Duration.seconds(60)...(.seconds(3_650 * 86_400))

    /// `none` is an empty list. Each is from a minute to ten years.
    package init?(text: String) {
        let words = text.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
        let durations =
            words == ["none"] ? [] : words.map { Duration(text: $0).flatMap { Self.range.contains($0) ? $0 : nil } }
        guard !durations.contains(nil), words.count > 0 else { return nil }
        self.durations = durations.compactMap { $0 }
    }

    package static var expectation: String { "durations between commas such as 7d,1d, each from 1m to 3650d, or none" }

    package var text: String { durations.isEmpty ? "none" : durations.map(\.text).joined(separator: ",") }
}
