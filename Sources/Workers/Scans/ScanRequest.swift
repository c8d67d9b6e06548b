import Models

/// An id that other systems write as a number or as text; it is written back as it came.
package struct ScanID: Sendable, Hashable {
    package let text: String
    package let isNumber: Bool

    package init(_ text: String, isNumber: Bool = false) { (self.text, self.isNumber) = (text, isNumber) }

    var json: JSONValue { isNumber ? .number(text) : .string(text) }
}

/// A code that somebody at the door has scanned.
package struct ScanRequest: Sendable {
    /// What the QR code says.
    package let code: String
    /// The event that takes place behind the door.
    package let eventID: ScanID
    package let operatorID: ScanID
    package let location: String
    /// A repeat with the same key and body gets the same answer, and counts once.
    package var key: IdempotencyKey?
    package var correlationID: String?
    package var traceParent: String?
    /// The API key's name.
    package var createdBy: String?

    package init(code: String, eventID: ScanID, operatorID: ScanID, location: String) {
        self.code = code
        self.eventID = eventID
        self.operatorID = operatorID
        self.location = location
    }
}
