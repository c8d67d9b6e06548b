package import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage
import FlotillaWebhooks
import Workers

/// Decides who comes in.
///
/// Count, record, events and webhook are one transaction: an answer that was given is on record, and of any number of
/// scans of one ticket, one is valid.
package struct TicketDoor: Sendable {
    package enum Answer: Sendable {
        /// JSON; `isRepeat` when the same request was answered before.
        case decided(ScanOutcome, json: String, isRepeat: Bool)
        /// The idempotency key belongs to another request.
        case conflict
    }

    private let pool: PostgresPool
    private let keyring: TicketKeyring
    private let webhooks: WebhookPosts
    private let rules: ScanRules
    private let eventExchange: String

    package init(_ pool: PostgresPool, keyring: TicketKeyring, topology: Topology, rules: ScanRules = ScanRules()) {
        self.pool = pool
        self.keyring = keyring
        self.rules = rules
        webhooks = WebhookPosts(topology: topology)
        eventExchange = topology.events.name
    }

    /// - Throws: `PostgresError`, `TicketKeyError`.
    package func scan(_ request: ScanRequest) async throws -> Answer {
        var read = Self.open(request.code, by: try await keyring.verifier())
        if case .failure(let error) = read, error.code == .unknownKey {
            read = Self.open(request.code, by: try await keyring.verifier(isForUnknownKey: true))
        }
        do {
            return try await decide(request, read)
        } catch let error as PostgresError where request.key != nil && error.code == .sqlState("23505") {
            // The same request, at the same moment: the other one has answered.
            return try await decide(request, read)
        }
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
            if let key = request.key,
                let row = try await transaction.query(ScanStatements.repeated(key)).first
            {
                guard row.bytes(0) == key.requestHash else { return .conflict }
                return Self.repeated(row.text(1) ?? "")
            }
            let verdict = try await verdict(of: read, request, transaction)
            let suspicion = try await suspicion(of: verdict, request, transaction)
            var statements = [ScanStatements.insert(verdict, request, suspicion: suspicion?.sign)]
            var events = [verdict.event(of: request)]
            if let (sign, count) = suspicion {
                events.append(verdict.suspicion(sign, count: count, of: request))
                if sign == .twoPlaces, let ticket = verdict.ticketID {
                    statements.append(TicketAdmission.suspected(ticket))
                }
            }
            for event in events {
                let message = WebhookMessage(
                    event: event.name,
                    body: event.name == ScanVerdict.scanned ? verdict.confirmation(of: request) : event.body,
                    correlationID: request.correlationID,
                    traceParent: request.traceParent
                )
                try await webhooks.post(message) { try await transaction.pipeline($0) }
            }
            statements.append(Outbox.insert(events.map { outgoing($0, request) }))
            try await transaction.commit(after: statements)
            return .decided(verdict.outcome, json: verdict.answer.json, isRepeat: false)
        }
    }

    private func verdict(
        of read: Result<TicketToken, TicketTokenError>,
        _ request: ScanRequest,
        _ transaction: PostgresTransaction
    ) async throws -> ScanVerdict {
        let id = "scan-\(UUIDv7.make())"
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
            return ScanVerdict(
                id: id,
                outcome: ScanOutcome(error),
                ticketID: ticketID,
                ticket: ticket,
                admission: nil,
                at: WallClock.microseconds()
            )
        }
        let isForThisDoor = token.eventID == request.eventID.text
        // The ticket is read after the count, so that it is seen cancelled when that is why it was not counted.
        let results = try await transaction.pipeline(
            (isForThisDoor ? [TicketAdmission.count(ticket: token.ticketID, request)] : [])
                + [TicketStatements.find([token.ticketID])]
        )
        let ticket = results.last?.first.map { GeneratedTicket($0) }
        let admission = isForThisDoor ? results[0].first.map { TicketAdmission($0) } : nil
        let outcome: ScanOutcome =
            if !isForThisDoor { .wrongEvent } else if let admission {
                admission.count == 1 ? .valid : .alreadyUsed
            } else if let ticket { ticket.cancelledAt != nil ? .cancelled : .wrongEvent } else { .unknownTicket }
        return ScanVerdict(
            id: id,
            outcome: outcome,
            ticketID: token.ticketID,
            ticket: ticket,
            admission: admission,
            at: admission?.last.at ?? WallClock.microseconds()
        )
    }

    /// At most one sign for one scan, and the same one not again for a while.
    private func suspicion(
        of verdict: ScanVerdict,
        _ request: ScanRequest,
        _ transaction: PostgresTransaction
    ) async throws -> (sign: ScanSuspicion, count: Int?)? {
        if let admission = verdict.admission, let previous = admission.previous {
            let between = Duration.microseconds(admission.last.at - previous.at)
            let isFresh = admission.suspectedAt.map { .microseconds(admission.last.at - $0) >= rules.silence } ?? true
            guard previous.location != admission.last.location, between < rules.twoPlacesWithin, isFresh else {
                return nil
            }
            return (.twoPlaces, nil)
        }
        guard ScanOutcome.forgeries.contains(verdict.outcome) else { return nil }
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
