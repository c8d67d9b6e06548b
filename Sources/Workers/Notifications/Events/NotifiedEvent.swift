import FlotillaModels

/// An event as the mappings of ``NotifiedEvents`` read it.
struct NotifiedEvent: Sendable {
    let name: String
    let fields: EventFields
    /// What the envelope says, else when it arrived; microseconds since 1970.
    let envelopeTime: Int64

    init(name: String, body: [UInt8], envelopeTime: Int64) throws(InvalidPayload) {
        self.name = name
        fields = try EventFields(body)
        self.envelopeTime = envelopeTime
    }

    var time: Int64 {
        get throws(InvalidPayload) { try fields.time("occurredAt", "occurred_at", "timestamp") ?? envelopeTime }
    }
}
