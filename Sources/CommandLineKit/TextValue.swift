/// A value that a person writes as one word: an option's value, a setting.
package protocol TextValue: Sendable {
    /// Nil when the text is no such value.
    init?(text: String)

    /// What to write, for error messages: "a number", "one of table, json".
    static var expectation: String { get }

    /// The text that makes this value.
    var text: String { get }
}

extension String: TextValue {
    package init?(text: String) { self = text }
    package static var expectation: String { "text" }
    package var text: String { self }
}

extension Int: TextValue {
    package init?(text: String) { self.init(text) }
    package static var expectation: String { "a whole number" }
    package var text: String { String(self) }
}

extension Double: TextValue {
    package init?(text: String) {
        guard let number = Double(text), number.isFinite else { return nil }
        self = number
    }
    package static var expectation: String { "a number" }
    package var text: String { String(self) }
}

extension Bool: TextValue {
    package init?(text: String) {
        switch text.lowercased() {
        case "true", "yes", "on", "1": self = true
        case "false", "no", "off", "0": self = false
        default: return nil
        }
    }
    package static var expectation: String { "yes or no" }
    package var text: String { self ? "yes" : "no" }
}

/// `250ms`, `30s`, `5m`, `2h`, `14d`.
extension Duration: TextValue {
    package init?(text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let amount = Double(digits), amount.isFinite else { return nil }
        let seconds: Double
        switch text.dropFirst(digits.count) {
        case "ms": seconds = amount / 1_000
        case "s": seconds = amount
        case "m": seconds = amount * 60
        case "h": seconds = amount * 3_600
        case "d": seconds = amount * 86_400
        default: return nil
        }
        guard seconds < 1e10 else { return nil }
        self = .microseconds(Int64((seconds * 1_000_000).rounded()))
    }

    package static var expectation: String { "a duration such as 500ms, 30s, 5m, 2h or 14d" }

    package var text: String {
        let milliseconds = Int64(self / .milliseconds(1))
        for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] as [(String, Int64)]
        where milliseconds >= size && milliseconds % size == 0 {
            return "\(milliseconds / size)\(unit)"
        }
        return "\(milliseconds)ms"
    }
}

/// An enumeration of words needs no more than `: String, CaseIterable, TextValue`.
extension TextValue where Self: CaseIterable & RawRepresentable, RawValue == String {
    package init?(text: String) { self.init(rawValue: text) }
    package static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
    package var text: String { rawValue }
}
