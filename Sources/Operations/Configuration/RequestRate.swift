import FlotillaCommandLineKit

/// How many requests are taken: `500/s`, `500/s:2000` with how many may come at once, or `off`.
package struct RequestRate: TextValue, Hashable {
    private enum Unit: String, CaseIterable {
        case second = "s"
        case minute = "min"
        case hour = "h"

        var seconds: Double {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3_600
            }
        }
    }

    package let text: String
    /// Per second; `nil` is no limit.
    package let rate: Double?
    /// How many may come at once after a pause: as many as in one unit, unless given.
    package let burst: Int

    /// Numbers go from 1 to a million.
    package init?(text: String) {
        self.text = text
        guard text != "off" else {
            (rate, burst) = (nil, 0)
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let fraction = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, fraction.count == 2, let unit = Unit(rawValue: String(fraction[1])),
            let count = Self.number(fraction[0]), let burst = Self.number(parts.count == 2 ? parts[1] : fraction[0])
        else { return nil }
        rate = Double(count) / unit.seconds
        self.burst = burst
    }

    package static let off = RequestRate()

    private init() { (text, rate, burst) = ("off", nil, 0) }

    package init(perSecond count: Int, burst: Int) {
        text = "\(count)/s:\(burst)"
        rate = Double(count)
        self.burst = burst
    }

    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
            (1...1_000_000).contains(number)
        else { return nil }
        return number
    }

    package static var expectation: String { "a rate such as 500/s, 500/s:2000 with a burst, 30/min, or off" }
}
