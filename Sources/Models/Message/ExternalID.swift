/// An id of the publishing service, which writes ids as numbers or as texts and gets them back as it wrote them.
package struct ExternalID: Sendable, Hashable {
    package let text: String
    package let isNumber: Bool

    package init(_ text: String, isNumber: Bool) {
        self.text = text
        self.isNumber = isNumber
    }

    package var json: JSONValue { isNumber ? .number(text) : .string(text) }

    /// An id of which only the text is kept, and which nothing stands beside: a number, if it can be one.
    package static func likely(_ text: String) -> ExternalID { ExternalID("", isNumber: true).alike(text) }

    /// Another id of the same service, of which only the text is kept: a number beside a number, if it can be one.
    package func alike(_ text: String) -> ExternalID {
        ExternalID(text, isNumber: isNumber && Int64(text).map(String.init) == text)
    }
}
