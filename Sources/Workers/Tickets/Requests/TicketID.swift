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
}
