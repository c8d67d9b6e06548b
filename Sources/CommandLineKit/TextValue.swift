import FlotillaModels

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

/// `250ms`, `30s`, `5m`, `2h`, `14d`: the spelling of queue files too.
extension Duration: TextValue {
    package static var expectation: String { "a duration such as 500ms, 30s, 5m, 2h or 14d" }
}

/// An enumeration of words needs no more than `: String, CaseIterable, TextValue`.
extension TextValue where Self: CaseIterable & RawRepresentable, RawValue == String {
    package init?(text: String) { self.init(rawValue: text) }
    package static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
    package var text: String { rawValue }
}
