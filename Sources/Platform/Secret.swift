/// A text that cannot be printed by accident: descriptions, dumps and reflection show `…` in its place.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself; the one way to read it.
    package let revealed: String

    package init(_ text: String) { revealed = text }

    package var description: String { "…" }
    package var debugDescription: String { "…" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
