/// E-mail addresses and telephone numbers as they stand in texts.
package enum ContactExtractor {
    /// What may stand before an address in one word: a recipient's key, a link.
    private static let kinds = ["address:", "user:", "customer:", "mailto:"]

    /// The address alone, of a text such as `address:ann@example.com`; other texts as they are.
    static func bare(_ text: String) -> String {
        guard let kind = kinds.first(where: text.hasPrefix) else { return text }
        return String(text.dropFirst(kind.utf8.count))
    }

    /// Whether the text is nothing but a telephone number, such as `+33 6 12 34 56 78`.
    package static func isNumber(_ text: String) -> Bool {
        text.utf8.count { (0x30...0x39).contains($0) } > 4
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || " +-./()".utf8.contains($0) }
    }

    /// The e-mail address in the text; `nil` where there is none, or more than one.
    static func only(in text: String) -> String? {
        let whole = bare(text)
        if isAddress(whole), !whole.utf8.contains(where: separates) { return whole }
        var found: String?
        for word in text.utf8.split(whereSeparator: { separates($0) || "/?=&".utf8.contains($0) }) {
            var word = word
            while word.last == UInt8(ascii: ".") { word.removeLast() }
            guard let address = String(word), isAddress(address) else { continue }
            if let found, found.lowercased() != address.lowercased() { return nil }
            found = found ?? address
        }
        return found
    }

    private static func isAddress(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && parts[1].contains(UInt8(ascii: "."))
            && parts[1].first != UInt8(ascii: ".")
    }

    private static func separates(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x7f || "\"'<>()[]{},;:\\|".utf8.contains(byte)
    }
}
