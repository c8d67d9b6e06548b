/// A binding key of a topic exchange: words between dots, `*` for one word, `#` for any number of words.
package struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    private let words: [Substring]

    package init(_ key: String) { words = Self.words(of: key) }

    package var description: String { words.joined(separator: ".") }

    package func matches(_ routingKey: String) -> Bool {
        Self.matches(words[...], Self.words(of: routingKey)[...])
    }

    private static func words(of key: String) -> [Substring] {
        key.isEmpty ? [] : key.split(separator: ".", omittingEmptySubsequences: false)
    }

    private static func matches(_ pattern: ArraySlice<Substring>, _ words: ArraySlice<Substring>) -> Bool {
        guard let first = pattern.first else { return words.isEmpty }
        if first == "#" {
            return matches(pattern.dropFirst(), words) || (!words.isEmpty && matches(pattern, words.dropFirst()))
        }
        guard let word = words.first else { return false }
        return (first == "*" || first == word) && matches(pattern.dropFirst(), words.dropFirst())
    }
}
