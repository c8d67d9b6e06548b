import FlotillaIndexing
import FlotillaModels
import FlotillaNotifications
import FlotillaQuota
import FlotillaStorage
import FlotillaTickets

/// One line of what `flotilla demo` saw.
struct DemoFinding: Encodable, Sendable {
    enum Result: String, Encodable, Sendable {
        case done
        /// In its dead-letter queue or the files, as it should be.
        case deadLettered = "dead-lettered"
        case missing
    }

    let worker: String
    let what: String
    let result: Result
    let detail: String
}

extension Demo {
    /// What the workers have done so far, read from Postgres and the search.
    func findings(in pool: PostgresPool, _ search: any SearchEngine) async throws -> [DemoFinding] {
        async let audit = audit(pool)
        async let quota = quota(pool)
        async let mails = notifications(pool)
        async let found = found(by: search)
        async let tickets = tickets(pool)
        async let dead = invalid(pool)
        return try await audit + quota + mails + found + tickets + dead
    }

    private func found(by search: any SearchEngine) async throws -> [DemoFinding] {
        func finding(_ result: DemoFinding.Result, _ detail: String) -> DemoFinding {
            DemoFinding(worker: "indexing", what: "a search finds the profile", result: result, detail: detail)
        }
        let page: SearchPage
        do {
            page = try await search.search(query, after: nil, limit: 2)
        } catch let error as IndexError {
            return [finding(.missing, "\(error)")]
        }
        let isFound = page.profiles.map(\.profileID) == [profileID]
        // As somebody sees it who may not see names.
        let shown = isFound ? try page.profiles.first?.json(isFull: false) : nil
        return [
            finding(isFound ? .done : .missing, shown.map { "developpeur swift: \($0.prefix(60))…" } ?? "not found yet")
        ]
    }

    private func audit(_ pool: PostgresPool) async throws -> [DemoFinding] {
        let rows = try await pool.query(
            SQLStatement(
                "SELECT message_id, count(*) FROM audit_logs WHERE message_id = ANY ($1) GROUP BY message_id",
                [.textArray(auditedIDs)]
            )
        )
        let counts = Dictionary(rows.map { ($0.text(0) ?? "", Int($0.int(1) ?? 0)) }) { first, _ in first }
        let isOnce = counts.values.allSatisfy { $0 == 1 }
        let isComplete = counts.count == auditedIDs.count && isOnce
        return [
            DemoFinding(
                worker: "audit",
                what: "a row for every event",
                result: isComplete ? .done : .missing,
                detail: "\(counts.values.reduce(0, +)) rows for \(auditedIDs.count) events"
            ),
            DemoFinding(
                worker: "audit",
                what: "a message that came twice",
                result: counts[duplicateID] == 1 ? .done : .missing,
                detail: "\(counts[duplicateID] ?? 0) row for 2 deliveries"
            ),
        ]
    }

    /// Whether the company's paid period has begun.
    func isActive(in pool: PostgresPool) async throws -> Bool {
        let rows = try await pool.query(
            SQLStatement("SELECT 1 FROM subscriptions WHERE company_id = $1 AND status = 'active'", [.text(company)])
        )
        return !rows.isEmpty
    }

    private func quota(_ pool: PostgresPool) async throws -> [DemoFinding] {
        let subscriptions = try await pool.query(
            SQLStatement("SELECT plan, status FROM subscriptions WHERE company_id = $1", [.text(company)])
        )
        let plan = subscriptions.first?.text(0)
        let isActive = subscriptions.first?.text(1) == "active"
        let quotas = try await pool.query(
            SQLStatement(
                """
                SELECT coalesce(sum(used + overage) FILTER (WHERE plan = 'pro'), 0)::bigint,
                    max(usage_limit) FILTER (WHERE plan = 'pro') FROM quotas
                WHERE company_id = $1 AND kind = 'profile_views'
                """,
                [.text(company)]
            )
        )
        let others = try await pool.query(
            SQLStatement(
                """
                SELECT (SELECT coalesce(sum(used + overage), 0)::bigint FROM quotas
                        WHERE company_id = $1 AND kind = 'searches'),
                    (SELECT balance FROM token_accounts WHERE company_id = $1)
                """,
                [.text(company)]
            )
        )
        let searches = Int(others.first?.int(0) ?? 0)
        let tokens = Int(others.first?.int(1) ?? 0)
        let used = Int(quotas.first?.int(0) ?? 0)
        let limit = quotas.first?.int(1).map(String.init) ?? "no limit"
        let announced = try await pool.query(
            SQLStatement(
                "SELECT count(*) FROM audit_logs WHERE correlation_id = $1 AND event = $2",
                [.text(run), .text(SubscriptionEvent.activated)]
            )
        )
        let isAnnounced = announced.first?.int(0) == 1
        return [
            DemoFinding(
                worker: "quota",
                what: "the payment activates a subscription",
                result: isActive ? .done : .missing,
                detail: plan.map { "plan \($0), \(isActive ? "active" : "not active")" } ?? "no subscription yet"
            ),
            DemoFinding(
                worker: "quota",
                what: "the profile views are counted",
                result: used == Self.views ? .done : .missing,
                detail: "\(used) used of pro's \(limit), \(Self.views) expected"
            ),
            DemoFinding(
                worker: "quota",
                what: "the search is counted",
                result: searches == 1 ? .done : .missing,
                detail: "\(searches) used, 1 expected"
            ),
            DemoFinding(
                worker: "quota",
                what: "the tokens are in the ledger",
                result: tokens == Self.tokens ? .done : .missing,
                detail: "a balance of \(tokens), \(Self.tokens) bought"
            ),
            DemoFinding(
                worker: "quota",
                what: SubscriptionEvent.activated + " goes out",
                result: isAnnounced ? .done : .missing,
                detail: isAnnounced ? "published through the outbox and audited" : "not seen yet"
            ),
        ]
    }

    private func notifications(_ pool: PostgresPool) async throws -> [DemoFinding] {
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT n.template, n.status, coalesce(n.provider, ''), n.language FROM notifications n
                JOIN notification_requests r ON r.id = n.request_id
                WHERE r.correlation_id = $1 AND n.channel = 'email' ORDER BY 1
                """,
                [.text(run)]
            )
        )
        return Self.mails.map { template in
            let row = rows.first { $0.text(0) == template }
            let isSent = row?.text(1) == NotificationStatus.sent.rawValue
            return DemoFinding(
                worker: "notifications",
                what: "the mail \(template)",
                result: isSent ? .done : .missing,
                detail: row.map { "\($0.text(1) ?? "") by \($0.text(2) ?? ""), in \($0.text(3) ?? "")" }
                    ?? "not planned yet"
            )
        }
    }

    private func tickets(_ pool: PostgresPool) async throws -> [DemoFinding] {
        let ticket = try await TicketRecords(pool).get(ticketID)
        return [
            DemoFinding(
                worker: "tickets",
                what: "a ticket with its code, as PDF",
                result: ticket == nil ? .missing : .done,
                detail: ticket.map { "\($0.size) bytes, tickets/\($0.path)" } ?? "not made yet"
            )
        ]
    }

    private func invalid(_ pool: PostgresPool) async throws -> [DemoFinding] {
        let rows = try await pool.query(
            SQLStatement(
                "SELECT queue, error_type, error_message FROM dead_letters WHERE message_id = $1",
                [.text(invalidID)]
            )
        )
        let row = rows.first { $0.text(1) == Failure.invalidPayload }
        return [
            DemoFinding(
                worker: "keeper",
                what: "a view without its company",
                result: row == nil ? .missing : .deadLettered,
                detail: row.map { "\($0.text(0) ?? ""): \($0.text(2) ?? "")" } ?? "not filed yet"
            )
        ]
    }
}
