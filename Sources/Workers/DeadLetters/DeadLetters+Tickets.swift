import Models
import Storage

extension DeadLetters {
    /// Ticket jobs whose messages have died fail, however they died: nothing else would ever end them. Sent back from
    /// the dead letters, a job goes on.
    ///
    /// A job that has ended, or was asked for with another content since, is left as it is.
    func failTicketJobs(of letters: [DeadLetter]) async throws(PostgresError) {
        let dead = letters.filter { $0.queue == TicketWorker.queue }.compactMap(\.ticketJob)
        guard !dead.isEmpty else { return }
        _ = try await pool.query(TicketJobRecord.fail(dead.map(\.id), hashes: dead.map(\.hash)))
    }
}

extension DeadLetter {
    /// The ticket job that the message asked for; `nil` when it can't be read, so that no job was ever begun.
    fileprivate var ticketJob: (id: String?, hash: [UInt8])? {
        let original = original
        let event = (try? CloudEvent.unwrap(original)) ?? nil
        guard let order = try? TicketOrder(body: event?.body ?? original.body) else { return nil }
        return (order.jobID?.text ?? jobID ?? messageID ?? event?.id, order.hash)
    }
}
