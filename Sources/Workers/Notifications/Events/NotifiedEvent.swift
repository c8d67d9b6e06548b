import FlotillaModels

/// An event as the mappings of ``NotifiedEvents`` read it.
struct NotifiedEvent: Sendable {
    let name: String
    let fields: EventFields
    private let timeOf: @Sendable (Int64?) -> Int64

    /// - Parameter timeOf: when it happened, in microseconds since 1970, from what the body says of that.
    init(name: String, body: [UInt8], timeOf: @escaping @Sendable (Int64?) -> Int64) throws(InvalidPayload) {
        self.name = name
        fields = try EventFields(body)
        self.timeOf = timeOf
    }

    /// The newest wins.
    var time: Int64 {
        get throws(InvalidPayload) { timeOf(try fields.time("occurredAt", "occurred_at", "timestamp")) }
    }
}
