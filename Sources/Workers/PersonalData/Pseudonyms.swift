import FlotillaPlatform

/// Replaces texts that identify a person, where only their equality matters: the same text always has the same
/// pseudonym, which nobody without the key can compute or undo.
package struct Pseudonyms: Sendable {
    private let key: KeyedDigest

    package init(key: [UInt8]) { self.key = KeyedDigest(key: key) }

    /// `~` and 32 hexadecimal digits.
    package func pseudonym(of text: String) -> String {
        "~" + key.digest(text.lowercased()).prefix(16).hexadecimal
    }

    /// The id as it is, or its pseudonym when it holds an e-mail address.
    package func identifier(_ id: String) -> String { id.utf8.contains(UInt8(ascii: "@")) ? pseudonym(of: id) : id }

    /// What an address or a number is found by, whatever its case and punctuation.
    package func digest(_ value: String, _ category: PersonalFields.Category) -> [UInt8] {
        key.digest("\(category.rawValue)\u{0}\(category == .phone ? value.filter(\.isNumber) : value.lowercased())")
    }
}
