import FlotillaModels

/// An allow-list of event names or of job types: topic patterns, `*` for one word and `#` for any number of words.
///
/// The word `default` in it stands for all that no domain guards; what that is, the rules of the intake say.
package struct GrantList: Sendable, Hashable {
    /// Stands for all that is not guarded.
    package static let standard = "default"
    /// Patterns in one list.
    package static let longest = 200

    /// As they were given, and are stored.
    package let words: [String]
    private let patterns: [TopicPattern]

    package init(_ words: [String]) {
        self.words = words
        patterns = words.filter { $0 != Self.standard }.map { TopicPattern($0) }
    }

    package var hasDefault: Bool { words.contains(Self.standard) }

    /// - Parameter isGuarded: whether the name is of a family that no default has.
    package func allows(_ name: String, isGuarded: Bool) -> Bool {
        (hasDefault && !isGuarded) || patterns.contains { $0.matches(name) }
    }

    /// What is wrong with a word of a list; `nil` when nothing is.
    package static func problem(with word: String) -> String? {
        guard !word.isEmpty else { return "a pattern is empty" }
        guard word.utf8.count <= 255 else { return "“\(word.prefix(40))…” is longer than 255 bytes" }
        for part in word.split(separator: ".", omittingEmptySubsequences: false) where part != "*" && part != "#" {
            guard !part.isEmpty else { return "“\(word)” has a dot with no word beside it" }
            if let stranger = part.first(where: { !$0.isOfName }) {
                return "*#".contains(stranger)
                    ? "“\(word)”: \(stranger) stands for whole words, as in profile.\(stranger)"
                    : "“\(word)” has “\(stranger)”: words are of letters, digits, - and _"
            }
        }
        return nil
    }
}

extension Character {
    fileprivate var isOfName: Bool { isASCII && (isLetter || isNumber || self == "-" || self == "_") }
}
