import FlotillaCommandLineKit

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
