package import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage
import FlotillaWebhooks
import Workers

/// Decides who comes in.
///
/// Count, record, events and webhook are one transaction: an answer that was given is on record, and of any number of
/// scans of one ticket, one is valid.
package struct TicketScanner: Sendable {
    package enum Answer: Sendable {
        /// JSON; `isRepeat` when the same request was answered before.
        case decided(ScanOutcome, json: String, isRepeat: Bool)
        /// The idempotency key belongs to another request.
        case conflict
    }

    private let pool: PostgresPool
    private let keyring: TicketKeyring
    private let webhooks: WebhookOutbox
    private let rules: ScanRules
    private let eventExchange: String

    package init(_ pool: PostgresPool, keyring: TicketKeyring, topology: Topology, rules: ScanRules = ScanRules()) {
        self.pool = pool
        self.keyring = keyring
        self.rules = rules
        webhooks = WebhookOutbox(topology: topology)
        eventExchange = topology.events.name
    }

    /// - Throws: `PostgresError`, `TicketKeyError`.
    package func scan(_ request: ScanRequest) async throws -> Answer {
        var read = Self.open(request.code, by: try await keyring.verifier())
        if case .failure(let error) = read, error.code == .unknownKey {
            read = Self.open(request.code, by: try await keyring.verifier(isForUnknownKey: true))
        }
        return try await decide(request, read)
    }

    private static func open(
        _ code: String,
        by verifier: TicketVerifier
    ) -> Result<TicketToken, TicketTokenError> {
        do throws(TicketTokenError) {
            return .success(try verifier.open(code, at: WallClock.microseconds()))
        } catch { return .failure(error) }
    }

    private func decide(
        _ request: ScanRequest,
        _ read: Result<TicketToken, TicketTokenError>
    ) async throws -> Answer {
        try await pool.transaction { transaction in
            let id = "scan-\(UUIDv7.make())"
            if let key = request.key,
                let holder = try await IdempotencyKeys.claim(.init(key: key, resource: id), in: transaction)
            {
                guard holder.isRepeated(by: key),
                    let row = try await transaction.query(ScanStatements.answer(of: holder.resource)).first
                else { return .conflict }
                return Self.repeated(row.text(0) ?? "")
            }
            let result = try await result(of: read, request, id, transaction)
            let suspicion = try await suspicion(of: result, request, transaction)
            var statements = [ScanStatements.insert(result, request, suspicion: suspicion?.sign)]
            var events = [result.event(of: request)]
            if let (sign, count) = suspicion {
                events.append(result.suspicion(sign, count: count, of: request))
                if sign == .twoPlaces, let ticket = result.ticketID {
                    statements.append(TicketScanCount.suspected(ticket))
                }
            }
            for event in events {
                let message = WebhookMessage(
                    event: event.name,
                    body: event.name == ScanResult.scanned ? result.confirmation(of: request) : event.body,
                    correlationID: request.correlationID,
                    traceParent: request.traceParent
                )
                try await webhooks.post(message) { try await transaction.pipeline($0) }
            }
            statements.append(Outbox.insert(events.map { outgoing($0, request) }))
            try await transaction.commit(after: statements)
            return .decided(result.outcome, json: result.answer.json, isRepeat: false)
        }
    }

    private func result(
        of read: Result<TicketToken, TicketTokenError>,
        _ request: ScanRequest,
        _ id: String,
        _ transaction: PostgresTransaction
    ) async throws -> ScanResult {
        let token: TicketToken
        switch read {
        case .success(let genuine): token = genuine
        case .failure(let error):
            let ticketID = error.token?.ticketID
            var ticket: GeneratedTicket?
            if let ticketID {
                // So that the refusal has the ids as the ticket has them.
                ticket = try await transaction.query(TicketStatements.find([ticketID])).first.map {
                    GeneratedTicket($0)
                }
            }
            return ScanResult(
                id: id,
                outcome: ScanOutcome(error),
                ticketID: ticketID,
                ticket: ticket,
                scanCount: nil,
                at: WallClock.microseconds()
            )
        }
        let isForThisEvent = token.eventID == request.eventID.text
        // The ticket is read after the count, so that it is seen cancelled when that is why it was not counted.
        let results = try await transaction.pipeline(
            (isForThisEvent ? [TicketScanCount.count(ticket: token.ticketID, request)] : [])
                + [TicketStatements.find([token.ticketID])]
        )
        let ticket = results.last?.first.map { GeneratedTicket($0) }
        let scanCount = isForThisEvent ? results[0].first.map { TicketScanCount($0) } : nil
        let outcome: ScanOutcome =
            if !isForThisEvent { .wrongEvent } else if let scanCount {
                scanCount.count == 1 ? .valid : .alreadyUsed
            } else if let ticket { ticket.cancelledAt != nil ? .cancelled : .wrongEvent } else { .unknownTicket }
        return ScanResult(
            id: id,
            outcome: outcome,
            ticketID: token.ticketID,
            ticket: ticket,
            scanCount: scanCount,
            at: scanCount?.last.at ?? WallClock.microseconds()
        )
    }

    /// At most one sign for one scan, and the same one not again for a while.
    private func suspicion(
        of result: ScanResult,
        _ request: ScanRequest,
        _ transaction: PostgresTransaction
    ) async throws -> (sign: ScanSuspicion, count: Int?)? {
        if let scanCount = result.scanCount, let previous = scanCount.previous {
            let between = Duration.microseconds(scanCount.last.at - previous.at)
            let isFresh = scanCount.suspectedAt.map { .microseconds(scanCount.last.at - $0) >= rules.silence } ?? true
            guard previous.location != scanCount.last.location, between < rules.twoPlacesWithin, isFresh else {
                return nil
            }
            return (.twoPlaces, nil)
        }
        guard ScanOutcome.forgeries.contains(result.outcome) else { return nil }
        let id = request.operatorID.text
        let results = try await transaction.pipeline([
            ScanStatements.lock(operator: id), ScanStatements.forged(by: id, rules),
        ])
        guard let row = results[1].first, row.bool(1) == false else { return nil }
        let count = Int(row.int(0) ?? 0) + 1
        return count >= rules.forgedBurst ? (.forgedBurst, count) : nil
    }

    private func outgoing(_ event: OutgoingEvent, _ request: ScanRequest) -> OutgoingMessage {
        var event = event
        if let trace = request.traceParent, trace.utf8.count <= 512 {
            event.headers[FleetHeader.traceParent] = .string(trace)
        }
        return event.message(causedBy: nil, request.correlationID, eventExchange)
    }

    private static func repeated(_ json: String) -> Answer {
        let code = (try? JSONValue(Array(json.utf8)))?["code"]
        guard case .string(let word)? = code, let outcome = ScanOutcome(rawValue: word) else {
            return .decided(.unknownTicket, json: json, isRepeat: true)
        }
        return .decided(outcome, json: json, isRepeat: true)
    }
}
