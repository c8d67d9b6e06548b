package import FlotillaCommandLineKit

/// A setting that always has a value.
package struct DefaultedSetting<Value: TextValue>: SettingDeclaration {
    private let setting: Setting<Value>
    private let value: Value

    init(setting: Setting<Value>, value: Value) { (self.setting, self.value) = (setting, value) }

    package var name: String { setting.name }
    package var meaning: String { setting.meaning }
    package var isSecret: Bool { setting.isSecret }
    package var defaultText: String { value.text }
    package var expectation: String { setting.expectation }
    package var address: AddressRule? { setting.address }
    package var range: String? { setting.range }
    package var defaultValue: (any Sendable)? { value }

    package func parse(_ text: String) -> (any Sendable)? { setting.parse(text) }
}
