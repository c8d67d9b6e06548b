extension TopicPattern {
    /// What is wrong with the pattern as part of a list of what somebody may send, or `nil` when nothing is.
    package static func problem(with pattern: String) -> String? {
        let size = pattern.utf8.count
        guard (1...QueueName.longestRoutingKey).contains(size) else {
            return "a pattern has 1 to \(QueueName.longestRoutingKey) bytes"
        }
        for word in pattern.split(separator: ".", omittingEmptySubsequences: false) {
            if word.isEmpty { return "'\(pattern)' has an empty word" }
            if word == "*" || word == "#" { continue }
            if word.contains("*") || word.contains("#") {
                return "'\(pattern)': '*' and '#' stand for whole words"
            }
            if !word.allSatisfy(\.isAllowedInName) {
                return "'\(pattern)' may hold letters, digits, '.', '-', '_', '*' and '#'"
            }
        }
        return nil
    }

    /// The regular expression that matches what one of the patterns matches and nothing else, for the broker's permissions.
    ///
    /// It is anchored at both ends. Without patterns it matches nothing but the empty key, as RabbitMQ writes "nothing".
    package static func expression(of patterns: [String]) -> String {
        guard !patterns.isEmpty else { return "^$" }
        var seen: Set<String> = []
        let parts = patterns.filter { seen.insert($0).inserted }.map { TopicPattern($0).expression }
        // The end of the text; '$' would let a line break follow.
        return "^" + (parts.count == 1 ? parts[0] : "(?:" + parts.joined(separator: "|") + ")") + #"\z"#
    }

    private static let word = "[^.]*"

    /// Not anchored.
    private var expression: String {
        let words = normalised
        if words.isEmpty { return "" }
        if words == ["#"] { return #"[^.]*(?:\.[^.]*)*"# }
        var text = ""
        var isFirst = true
        for word in words {
            if word == "#" {
                text += isFirst ? #"(?:[^.]*\.)*"# : #"(?:\.[^.]*)*"#
                // What follows a leading '#' is a word that brings no dot of its own.
                continue
            }
            text += (isFirst ? "" : #"\."#) + (word == "*" ? Self.word : Self.escaped(word))
            isFirst = false
        }
        // The empty key has no word at all, and so none for a star.
        return words.filter { $0 != "#" } == ["*"] ? #"(?=[^.]|\.)"# + text : text
    }

    /// The same pattern with stars before the '#' beside them, and one '#' in the place of several.
    private var normalised: [String] {
        var result: [String] = []
        for word in description.isEmpty ? [] : description.split(separator: ".", omittingEmptySubsequences: false) {
            if word == "#", result.last == "#" { continue }
            if word == "*", result.last == "#" {
                result.insert("*", at: result.count - 1)
            } else {
                result.append(String(word))
            }
        }
        return result
    }

    private static func escaped(_ word: String) -> String {
        word.map { character in
            let isPlain = character.isASCII && (character.isLetter || character.isNumber) || "-_".contains(character)
            return isPlain ? String(character) : "\\" + String(character)
        }.joined()
    }
}
