package import FlotillaCommandLineKit
package import FlotillaPlatform

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

extension Secret: TextValue {
    package init?(text: String) {
        guard !text.isEmpty else { return nil }
        self.init(text)
    }
    package static var expectation: String { "not empty" }
    package var text: String { description }
}
