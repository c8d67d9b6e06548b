/// Users and passwords that are written into an address: what is shown of a setting has none of them.
package enum Credentials {
    /// Whether the text is an address with a user in it, as far as can be told: a password that is not encoded may hold
    /// every separator, so that any `@` behind `://` counts.
    package static func isIn(_ text: String) -> Bool {
        guard let mark = text.firstRange(of: "://") else { return false }
        return text[mark.upperBound...].contains("@")
    }

    /// The text with `…` for all that may be a user and a password, with or without a scheme before them.
    ///
    /// It goes by the last `@`: rather too much of a text is hidden than a part of a password shown.
    package static func hidden(in text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let head = text[..<at]
        if let mark = head.firstRange(of: "://") { return text[..<mark.upperBound] + "…" + text[at...] }
        return head.contains(":") ? "…" + text[at...] : text
    }
}
