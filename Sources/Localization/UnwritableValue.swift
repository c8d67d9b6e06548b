/// Why a value can't be written in words, worded to follow the value's name.
package struct UnwritableValue: Error, Sendable, Hashable {
    package let text: String

    package init(text: String) { self.text = text }
}
