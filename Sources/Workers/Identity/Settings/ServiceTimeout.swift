import FlotillaCommandLineKit
import FlotillaModels

/// A duration from 100 ms to a minute; a plain number is milliseconds, as other services of the platform write it.
package struct ServiceTimeout: Sendable, Hashable, TextValue {
    package let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    package init?(text: String) {
        guard let duration = Int64(text).map({ Duration.milliseconds($0) }) ?? Duration(text: text),
            (.milliseconds(100)...(.seconds(60))).contains(duration)
        else { return nil }
        self.duration = duration
    }

    package static var expectation: String { "milliseconds such as 5000, or a duration such as 5s, from 100ms to 60s" }
    package var text: String { duration.text }
}
