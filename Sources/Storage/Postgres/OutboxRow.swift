package import FlotillaModels

/// A row of the outbox that this relay has locked.
package struct OutboxRow: Sendable {
    package let id: Int64
    /// How often the broker has refused it.
    package let attempts: Int
    package let jobID: String?
    /// The message, or why the row can't be read as one.
    package let message: Result<OutgoingMessage, MessageJSONError>

    init(_ row: SQLRow) {
        id = row.int(0) ?? 0
        attempts = Int(row.int(7) ?? 0)
        jobID = row.text(6)
        do throws(MessageJSONError) {
            let message = Message(
                properties: try MessageJSON.properties(row.text(3) ?? ""),
                headers: try MessageJSON.headers(row.text(4) ?? ""),
                body: row.bytes(5) ?? []
            )
            self.message = .success(
                OutgoingMessage(exchange: row.text(1) ?? "", routingKey: row.text(2) ?? "", message: message)
            )
        } catch {
            message = .failure(error)
        }
    }
}
