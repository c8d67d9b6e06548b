import FlotillaCommandLineKit
import FlotillaOperations

/// Names with what each may have per second.
package struct RateList: TextValue, Hashable {
    package let rates: [String: Double]

    package init?(text: String) {
        var rates: [String: Double] = [:]
        for entry in WordList(text: text).words {
            let parts = entry.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let rate = Double(parts[1]), rate.isFinite, rate > 0,
                rates.updateValue(rate, forKey: String(parts[0])) == nil
            else { return nil }
        }
        self.rates = rates
    }

    package static var expectation: String { "names with a rate per second each, such as smtp=50,mail-api=0.5" }
    package var text: String { rates.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",") }
}
