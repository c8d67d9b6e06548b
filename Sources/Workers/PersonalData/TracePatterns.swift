/// What a query looks for so as to miss nothing of a person: patterns for `lower(…) LIKE ANY`, of texts, and of bytes
/// as `encode(…, 'escape')` writes them.
///
/// They find too much, such as longer addresses: what is found is looked at by a ``Redaction``.
enum TracePatterns {
    /// A trace with fewer letters and digits of ASCII than this is looked for by its other letters.
    private static let fewest = 4

    /// Of the person's ids and texts.
    static func all(of person: Person) -> [String] {
        let ids = person.ids.filter { !$0.hasPrefix("~") }
        return Set(ids.flatMap { patterns(of: $0, isID: true) }).union(texts(of: person)).sorted()
    }

    /// Of the texts alone.
    static func texts(of person: Person) -> [String] {
        Set(person.unmistakable.keys.flatMap { patterns(of: $0, isID: false) }).sorted()
    }

    private static func patterns(of text: String, isID: Bool) -> Set<String> {
        let spellings = Set([text, text.lowercased(), text.uppercased()])
        if isID, text.utf8.allSatisfy({ isPlain($0) || "._:~-".utf8.contains($0) }) {
            return ["%" + escaped(text.lowercased()) + "%"]
        }
        if text.utf8.count(where: isPlain) >= fewest {
            // Whatever stands between may be written in many ways.
            return Set(spellings.map { pattern($0) { _ in nil } })
        }
        return Set(
            spellings.flatMap { spelling in
                [
                    pattern(spelling) { String($0) },
                    pattern(spelling) { $0.utf8.map { "\\\\" + String($0, radix: 8) }.joined() },
                    pattern(spelling) { $0.utf8.map { "\\%" + String($0, radix: 16) }.joined() },
                    // One backslash in a text, two in bytes.
                    pattern(spelling) { $0.utf16.map { "\\\\%u" + digits($0) }.joined() },
                ]
            }
        )
    }

    /// - Parameter others: how letters that are not ASCII are written; `nil` leaves open how.
    private static func pattern(_ text: String, _ others: (Character) -> String?) -> String {
        var pattern = "%"
        var isOpen = true
        for character in text {
            let part: String? =
                if let byte = character.asciiValue {
                    isPlain(byte) ? character.lowercased() : nil
                } else {
                    character.isWhitespace ? nil : others(character)
                }
            if let part {
                pattern += part
            } else if !isOpen {
                pattern += "%"
            }
            isOpen = part == nil
        }
        return isOpen ? pattern : pattern + "%"
    }

    private static func escaped(_ text: String) -> String {
        text.map { "\\%_".contains($0) ? "\\\($0)" : String($0) }.joined()
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf)
    }

    private static func digits(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
