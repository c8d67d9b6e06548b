package import Models

/// An id of the publishing service, which writes ids as numbers or as texts and gets them back as it wrote them.
package struct TicketID: Sendable, Hashable {
    package let text: String
    package let isNumber: Bool

    package init(_ text: String, isNumber: Bool) {
        self.text = text
        self.isNumber = isNumber
    }

    package var json: JSONValue { isNumber ? .number(text) : .string(text) }

    /// An id of which only the text is kept, and which nothing stands beside: a number, if it can be one.
    package static func likely(_ text: String) -> TicketID { TicketID("", isNumber: true).alike(text) }

    /// Another id of the same service, of which only the text is kept: a number beside a number, if it can be one.
    package func alike(_ text: String) -> TicketID {
        TicketID(text, isNumber: isNumber && Int64(text).map(String.init) == text)
    }
}
