package import FlotillaCommandLineKit
package import FlotillaPlatform

/// A setting that may be absent.
package struct Setting<Value: TextValue>: SettingDeclaration {
    package let name: String
    package let meaning: String
    /// For values that are found elsewhere when they are not set: what the table says.
    package let defaultText: String
    package let address: AddressRule?
    /// The least and the greatest value, as a person would write them; `nil` where every value will do.
    package private(set) var range: String?
    private var isWithin: @Sendable (Value) -> Bool = { _ in true }

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
    package var expectation: String { Value.expectation + (range.map { ", \($0)" } ?? "") }
    package var defaultValue: (any Sendable)? { nil }

    package func parse(_ text: String) -> (any Sendable)? {
        guard let value = Value(text: text), isWithin(value) else { return nil }
        return value
    }

    package func defaulting(to value: Value) -> DefaultedSetting<Value> {
        DefaultedSetting(setting: self, value: value)
    }
}

extension Setting where Value: Comparable {
    /// The same setting that refuses what is less or more.
    package func within(_ values: ClosedRange<Value>) -> Setting {
        var setting = self
        setting.range = "from \(values.lowerBound.text) to \(values.upperBound.text)"
        setting.isWithin = { values.contains($0) }
        return setting
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
