import FlotillaCommandLineKit

/// Words between commas.
package struct WordList: TextValue, Hashable {
    package let words: [String]

    package init(text: String) {
        words = text.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
    }

    package static var expectation: String { "words between commas" }
    package var text: String { words.joined(separator: ",") }
}
