package import FlotillaCommandLineKit
package import FlotillaPlatform

/// A variable of the environment that we read: the declaration, and the key to its value.
package protocol SettingDeclaration: Sendable {
    var name: String { get }
    /// One phrase for the table of settings.
    var meaning: String { get }
    var isSecret: Bool { get }
    /// The default as a person would write it; empty without one.
    var defaultText: String { get }
    /// What a value looks like, for error messages.
    var expectation: String { get }
    /// Which addresses are acceptable, where the value is one.
    var address: AddressRule? { get }
    /// Nil when the text is no value of this setting.
    func parse(_ text: String) -> (any Sendable)?
    var defaultValue: (any Sendable)? { get }
}

/// A setting that may be absent.
package struct Setting<Value: TextValue>: SettingDeclaration {
    package let name: String
    package let meaning: String
    /// For values that are found elsewhere when they are not set: what the table says.
    package let defaultText: String
    package let address: AddressRule?

    /// - Parameter address: checked at start, where the value is the address of a server.
    package init(
        _ name: String,
        _ meaning: String,
        otherwise defaultText: String = "",
        address: AddressRule? = nil
    ) {
        (self.name, self.meaning, self.defaultText, self.address) = (name, meaning, defaultText, address)
    }

    package var isSecret: Bool { Value.self == Secret.self }
    package var expectation: String { Value.expectation }
    package var defaultValue: (any Sendable)? { nil }

    package func parse(_ text: String) -> (any Sendable)? { Value(text: text) }

    package func defaulting(to value: Value) -> DefaultedSetting<Value> {
        DefaultedSetting(setting: self, value: value)
    }
}

/// A setting that always has a value.
package struct DefaultedSetting<Value: TextValue>: SettingDeclaration {
    private let setting: Setting<Value>
    private let value: Value

    fileprivate init(setting: Setting<Value>, value: Value) { (self.setting, self.value) = (setting, value) }

    package var name: String { setting.name }
    package var meaning: String { setting.meaning }
    package var isSecret: Bool { setting.isSecret }
    package var defaultText: String { value.text }
    package var expectation: String { setting.expectation }
    package var address: AddressRule? { setting.address }
    package var defaultValue: (any Sendable)? { value }

    package func parse(_ text: String) -> (any Sendable)? { setting.parse(text) }
}

extension Secret: TextValue {
    package init?(text: String) {
        guard !text.isEmpty else { return nil }
        self.init(text)
    }
    package static var expectation: String { "not empty" }
    package var text: String { description }
}

/// A whole number that a server can listen on.
package struct Port: TextValue, Hashable {
    package let number: Int

    /// The number is checked only where it comes from a person.
    package init(_ number: Int) { self.number = number }

    package init?(text: String) {
        guard let number = Int(text), (1...65_535).contains(number) else { return nil }
        self.number = number
    }

    package static var expectation: String { "a port between 1 and 65535" }
    package var text: String { String(number) }
}

/// Words between commas.
package struct WordList: TextValue, Hashable {
    package let words: [String]

    package init(text: String) {
        words = text.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
    }

    package static var expectation: String { "words between commas" }
    package var text: String { words.joined(separator: ",") }
}
