import FlotillaLocalization
package import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage
import FlotillaTelemetry
package import FlotillaWebhooks
package import Workers

/// Takes `ticket.generation.requested`, as an event or as a job.
///
/// Tickets are recorded in small groups as they are made, each once its file is there for good: a process that dies goes
/// on where it stopped. The job's end, its event and its webhook commit together.
package struct TicketWorker: Worker {
    package static let name = "tickets"
    package static let events = ["generation.requested"]
    package static let dependencies: Set<Dependency> = [.postgres, .ticketFiles]
    /// The queue of the jobs.
    static let queue = "ticket.generation.requested"
    /// The event that reports a job's end.
    package static let completed = "ticket.completed"

    private let pool: PostgresPool
    private let keys: TicketKeys
    private let renderer: TicketRenderer
    private let store: any TicketFileStore
    private let webhooks: WebhookOutbox
    private let configuration: TicketConfiguration

    package init(
        _ pool: PostgresPool,
        keys: TicketKeys,
        renderer: TicketRenderer,
        store: any TicketFileStore,
        webhooks: WebhookOutbox,
        _ configuration: TicketConfiguration
    ) {
        self.pool = pool
        self.keys = keys
        self.renderer = renderer
        self.store = store
        self.webhooks = webhooks
        self.configuration = configuration
    }

    package func handle(_ jobRequest: TicketJobRequest, in context: MessageContext) async throws -> Outcome {
        let begin = ContinuousClock.now
        let jobID = jobRequest.jobID ?? ExternalID(context.jobID ?? context.messageID, isNumber: false)
        let begun = try await pool.query(
            TicketJobRecord.begin(jobID.text, jobRequest, correlationID: context.correlationID)
        )
        guard let record = begun.first.flatMap(TicketJobRecord.init), record.status == .running else { return .done }
        let writer = try await writer(jobRequest, jobID.text, record)
        guard let outcomes = try await make(writer, in: context) else { return .done }
        let successful = outcomes.count { $0.problem == nil }
        let summary = TicketSummary(
            total: outcomes.count,
            successful: successful,
            failed: outcomes.count - successful,
            processingTime: Int64((ContinuousClock.now - begin) / .milliseconds(1))
        )
        let report = TicketReport(
            jobID: jobID,
            status: successful == 0 ? .failed : .completed,
            timestamp: WallClock.microseconds(),
            eventDate: jobRequest.eventDate(configuration),
            summary: summary,
            outcomes: outcomes
        )
        try await finish(report, jobRequest, in: context)
        return .done
    }

    private func writer(_ jobRequest: TicketJobRequest, _ jobID: String, _ record: TicketJobRecord) async throws
        -> TicketWriter
    {
        let signer = try await keys.signer(orMake: configuration.algorithm)
        let now = WallClock.microseconds()
        let accepted = Set(try await keys.list().filter { $0.state(at: now) != .retired }.map(\.id.description))
        return TicketWriter(
            jobRequest: jobRequest,
            jobID: jobID,
            configuration: configuration,
            signer: signer,
            acceptsKey: { accepted.contains($0) },
            issuedAt: record.startedAt
        )
    }

    /// Makes and records group after group.
    ///
    /// - Returns: what became of each; `nil` when the job was cancelled.
    private func make(_ writer: TicketWriter, in context: MessageContext) async throws -> [TicketOutcome]? {
        let entries = writer.jobRequest.entries
        var outcomes: [TicketOutcome] = []
        outcomes.reserveCapacity(entries.count)
        var note = ""
        if let zone = writer.jobRequest.assumedZone(configuration) {
            note = "; times without an offset were read in \(zone.name)"
            context.log.info("a zone was assumed", ["job": .string(writer.jobID), "time_zone": .string(zone.name)])
        }
        while outcomes.count < entries.count {
            let group = TicketGroup(
                places: outcomes.count..<min(outcomes.count + TicketGroup.size, entries.count),
                writer: writer,
                renderer: renderer,
                store: store
            )
            let made = try await pool.transaction { try await group.make(fleetJob: context.jobID, in: $0) }
            guard let made else {
                context.log.info("ticket job cancelled", ["job": .string(writer.jobID)])
                return nil
            }
            outcomes += made
            context.progress(
                outcomes.count * 100 / entries.count,
                "\(outcomes.count) of \(entries.count) tickets\(note)"
            )
        }
        return outcomes
    }

    private func finish(_ report: TicketReport, _ jobRequest: TicketJobRequest, in context: MessageContext) async throws
    {
        let id = report.jobID.text
        try await context.transaction { transaction in
            let ended = try await transaction.execute([
                TicketJobRecord.end(id, report.status, report.summary),
                TicketStatements.trimLog(job: id, total: report.summary.total),
            ])
            // Cancelled at the last moment, or done by another delivery of the same job.
            guard ended[0].affected == 1 else { return }
            try await webhooks.post(event: Self.completed, body: report.webhook, in: transaction, of: context)
            transaction.publish(
                OutgoingEvent(
                    name: Self.completed,
                    body: report.event(of: jobRequest),
                    messageID:
                        "\(Self.completed):\(SHA256.digest(Array(id.utf8) + jobRequest.hash).prefix(16).hexadecimal)"
                )
            )
        }
    }
}
