import FlotillaCommandLineKit
import FlotillaModels

/// Durations between commas.
package struct DurationList: TextValue, Hashable {
    package let durations: [Duration]

    package init(_ durations: [Duration]) { self.durations = durations }

    /// `none` is an empty list.
    package init?(text: String) {
        let words = text.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
        let durations = words == ["none"] ? [] : words.map { Duration(text: $0) }
        guard !durations.contains(nil), words.count > 0 else { return nil }
        self.durations = durations.compactMap { $0 }
    }

    package static var expectation: String { "durations between commas such as 7d,1d, or none" }

    package var text: String { durations.isEmpty ? "none" : durations.map(\.text).joined(separator: ",") }
}
