package import FlotillaModels

/// A code that was scanned.
package struct ScanRequest: Sendable {
    /// What the QR code says.
    package let code: String
    /// The event that the ticket is scanned for.
    package let eventID: ExternalID
    package let operatorID: ExternalID
    package let location: String
    /// A repeat with the same key and body gets the same answer, and counts once.
    package var key: IdempotencyKey?
    package var correlationID: String?
    package var traceParent: String?
    /// The API key's name.
    package var createdBy: String?

    package init(code: String, eventID: ExternalID, operatorID: ExternalID, location: String) {
        self.code = code
        self.eventID = eventID
        self.operatorID = operatorID
        self.location = location
    }
}
