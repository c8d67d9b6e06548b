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
    /// "from 1s to 10m"; `nil` where every value of its kind will do.
    var range: String? { get }
    /// Nil when the text is no value of this setting.
    func parse(_ text: String) -> (any Sendable)?
    var defaultValue: (any Sendable)? { get }
}
