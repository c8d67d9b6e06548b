/// A binding key of a topic exchange: words between dots, `*` for one word, `#` for any number of words.
package struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    private let words: [Substring]

    package init(_ key: String) { words = Self.words(of: key) }

    package var description: String { words.joined(separator: ".") }

    /// In as many steps as pattern and key have words, multiplied: both come from people whom nobody has checked.
    package func matches(_ routingKey: String) -> Bool {
        let key = Self.words(of: routingKey)
        var (place, keyPlace) = (0, 0)
        // Behind the last `#` that was met, and the first word that it does not stand for. To take one word more is enough: what
        // an earlier one could take, the last can as well.
        var (resumed, resumedKey): (Int?, Int) = (nil, 0)
        while keyPlace < key.count {
            if place < words.count, words[place] == "#" {
                place += 1
                (resumed, resumedKey) = (place, keyPlace)
            } else if place < words.count, words[place] == "*" || words[place] == key[keyPlace] {
                (place, keyPlace) = (place + 1, keyPlace + 1)
            } else if let resumed {
                resumedKey += 1
                (place, keyPlace) = (resumed, resumedKey)
            } else {
                return false
            }
        }
        return words[place...].allSatisfy { $0 == "#" }
    }

    private static func words(of key: String) -> [Substring] {
        key.isEmpty ? [] : key.split(separator: ".", omittingEmptySubsequences: false)
    }
}
