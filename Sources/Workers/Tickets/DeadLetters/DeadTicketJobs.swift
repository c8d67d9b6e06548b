import FlotillaModels
package import Workers

/// Ticket jobs whose messages have died fail, however they died: nothing else would ever end them. Sent back from the dead
/// letters, a job goes on.
///
/// A job that has ended, or was asked for with another content since, is left as it is.
package struct DeadTicketJobs: DeadLetterObserver {
    package var queues: Set<String> { Set(JobPriority.allCases.map { $0.level(of: TicketWorker.queue) }) }

    package init() {}

    package func stored(_ deadLetters: [DeadMessage], in transaction: DeadLetterTransaction) async throws {
        let dead = deadLetters.compactMap(\.ticketJob)
        guard !dead.isEmpty else { return }
        try await transaction.execute(TicketJobRecord.fail(dead.map(\.id), hashes: dead.map(\.hash)))
    }
}

extension DeadMessage {
    /// The ticket job that the message asked for; `nil` when it can't be read, so that no job was ever begun.
    fileprivate var ticketJob: (id: String?, hash: [UInt8])? {
        let event = (try? CloudEvent.unwrap(message)) ?? nil
        guard let order = try? TicketJobRequest(body: event?.body ?? message.body) else { return nil }
        return (order.jobID?.text ?? jobID ?? messageID ?? event?.id, order.hash)
    }
}
