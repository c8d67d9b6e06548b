import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTickets

extension Demo {
    /// Scans the run's ticket, twice; nothing when there is no ticket.
    func scanFindings(in pool: PostgresPool, masters: MasterKeyring) async throws -> [DemoFinding] {
        guard let ticket = try await TicketRecords(pool).get(ticketID) else { return [] }
        let scanner = TicketScanner(
            pool,
            keyring: TicketKeyring(TicketKeys(pool, masters: masters)),
            topology: topology
        )
        var request = ScanRequest(
            code: ticket.token,
            eventID: ticket.eventID,
            operatorID: ExternalID("demo", isNumber: false),
            location: "Demo door"
        )
        request.correlationID = run
        func scan(_ what: String, _ expected: ScanOutcome) async throws -> DemoFinding {
            guard case .decided(let outcome, _, _) = try await scanner.scan(request) else {
                return DemoFinding(worker: "scans", what: what, result: .missing, detail: "no answer")
            }
            return DemoFinding(
                worker: "scans",
                what: what,
                result: outcome == expected ? .done : .missing,
                detail: outcome.message
            )
        }
        return [
            try await scan("the ticket lets its guest in", .valid),
            try await scan("a second time it is refused", .alreadyUsed),
        ]
    }
}
