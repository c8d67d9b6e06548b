package import FlotillaOutbound

/// One SMS to one person.
package struct TextMessage: Sendable, Hashable, Identifiable {
    /// The same for every try of one notification.
    package var id: String
    /// E.164: `+33612345678`.
    package var to: String
    /// The sender that the provider is to show; `nil` leaves it to the provider's configuration.
    package var from: String?
    package var body: String

    package init(id: String, to: String, body: String, from: String? = nil) {
        self.id = id
        self.to = to
        self.from = from
        self.body = body
    }

    /// As many characters as the usual API takes, in ten parts.
    package static let longestBody = 1_600

    /// - Throws: with the name of the field that can't be sent.
    package func check() throws(FieldError) {
        let digits = to.utf8.dropFirst()
        guard to.utf8.first == UInt8(ascii: "+"), (7...15).contains(digits.count), digits.first != UInt8(ascii: "0"),
            digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw FieldError("to", "is no telephone number in the form +33612345678") }
        guard !body.isEmpty else { throw FieldError("body", "is empty") }
        guard body.unicodeScalars.count <= Self.longestBody else {
            throw FieldError("body", "is longer than \(Self.longestBody) characters")
        }
        let control = body.unicodeScalars.first { $0.properties.generalCategory == .control && $0 != "\n" }
        guard control == nil else { throw FieldError("body", "has a control character") }
    }
}
