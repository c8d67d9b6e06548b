import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import Workers

/// Makes one delivery: look, take a slot, claim, send, record.
///
/// The lease of a claim keeps duplicates of the message from sending side by side. Between the endpoint's answer and the
/// commit of the record lies the one window in which a crash makes it receive the same message twice: with the same
/// `webhook-id`.
struct WebhookDelivery: Sendable {
    /// How long a delivery waits for an endpoint that is out before it is given up.
    static let longestWait = Duration.seconds(3 * 86_400)

    /// Of dead letters for an endpoint that was disabled.
    static let disabledType = "webhook_endpoint_disabled"

    /// What the reason of such a dead letter begins with, and that of no other endpoint.
    static func disabledText(of endpoint: String) -> String { "the endpoint \(endpoint) is disabled:" }

    let pool: PostgresPool
    let seal: WebhookSeal
    let sender: WebhookSender
    let limiters: EndpointLimiters
    let metrics: Metrics
    /// Where `webhook.disabled` is published.
    let eventExchange: String
    /// Through which the other endpoints are notified of it.
    let webhooks: WebhookOutbox
    /// How long an endpoint has to answer 410 before it is disabled.
    let goneAfter: Duration
    /// How many times it has to do so before it is believed.
    var goneAnswers = 3

    func deliver(_ message: WebhookDeliveryMessage, in context: MessageContext) async throws -> Outcome {
        // An endpoint that was removed took its deliveries with it.
        guard let row = try await pool.query(PlannedDelivery.select(message.deliveryID)).first else { return .done }
        let planned = PlannedDelivery(row)
        if planned.status == "delivered" { return .done }
        if planned.status == "failed", !context.isReplay {
            // The process died before the message was a dead letter.
            throw PermanentError(type: "webhook_failed", message: "\(planned.name): \(planned.reason ?? "failed")")
        }
        guard planned.isEnabled else {
            let reason = "\(Self.disabledText(of: planned.name)) \(planned.disabledReason ?? "by an operator")"
            try await giveUp(planned, reason: reason)
            throw PermanentError(type: Self.disabledType, message: reason)
        }
        let url = try await checkedURL(of: planned)
        guard planned.age < Self.longestWait || context.isReplay else {
            let reason = "the endpoint \(planned.name) was out for too long"
            try await giveUp(planned, reason: reason)
            throw PermanentError(type: "webhook_expired", message: reason)
        }
        let permit: EndpointLimiters.Permit
        switch limiters.enter(planned.endpoint, name: planned.name, host: url.authority) {
        case .wait(let wait): return .snooze(wait)
        case .permit(let given): permit = given
        }
        let claim: Claim
        do {
            claim = try await take(planned, context)
        } catch {
            limiters.leave(permit, .nothing)
            throw error
        }
        let (claimed, secrets): (ClaimedDelivery, [WebhookSecret])
        switch claim {
        case .taken(let delivery, let opened): (claimed, secrets) = (delivery, opened)
        case .elsewhere(let outcome):
            limiters.leave(permit, .nothing)
            return outcome
        }
        let result = await sender.send(claimed.message, to: url, secrets: secrets)
        limiters.leave(permit, result.observation)
        note(result, planned)
        return try await conclude(planned, claimed, result, context)
    }

    private func conclude(
        _ planned: PlannedDelivery,
        _ claimed: ClaimedDelivery,
        _ result: WebhookAttemptResult,
        _ context: MessageContext
    ) async throws -> Outcome {
        let attempt = WebhookStatements.attempt(planned.id, number: claimed.attempt, result)
        guard let problem = result.problem else {
            _ = try await context.transaction { transaction in
                try await transaction.execute([
                    attempt, WebhookStatements.delivered(planned.id),
                    WebhookStatements.succeeded(endpoint: planned.endpoint),
                ])
            }
            return .done
        }
        let reason = "\(planned.name): \(problem)"
        let isOver = result.isPermanentFailure || context.attempt >= context.maxAttempts
        let end =
            isOver
            ? WebhookStatements.failed(planned.id, reason: problem)
            : WebhookStatements.released(planned.id, reason: problem)
        if result.isCancelled {
            // A cancelled task's own statements would not be made.
            let pool = pool
            await Task { _ = try? await pool.pipeline([attempt, end]) }.value
            throw CancellationError()
        }
        var records = [attempt, end, WebhookStatements.failing(endpoint: planned.endpoint)]
        if result.isGone { records.append(WebhookStatements.gone(endpoint: planned.endpoint)) }
        _ = try await pool.pipeline(records)
        let disabling =
            result.isGone
            ? WebhookStatements.disableGone(endpoint: planned.endpoint, after: goneAfter, answers: goneAnswers)
            : WebhookStatements.disableAfterFailures(endpoint: planned.endpoint)
        let isDisabled = try await disable(planned, by: disabling, context)
        if isDisabled, result.isGone {
            try await giveUp(planned, reason: problem)
            throw PermanentError(type: "webhook_endpoint_gone", message: reason)
        }
        if result.isPermanentFailure { throw PermanentError(type: "webhook_refused", message: reason) }
        guard let asked = result.retryAfter else { throw UndeliveredWebhook(reason: reason) }
        throw RetryLater(after: max(asked, Self.leastWait(after: context.attempt)), reason: reason)
    }

    /// An endpoint that asks for a second each time must not have spent all attempts in a minute.
    private static func leastWait(after attempt: Int) -> Duration { .seconds(1 << min(attempt, 12)) }

    private func checkedURL(of planned: PlannedDelivery) async throws -> EndpointURL {
        do throws(FieldError) {
            let url = try EndpointURL(planned.url)
            if let objection = sender.access.objection(to: url) { throw objection }
            return url
        } catch {
            let reason = "the endpoint \(planned.name) is not called: its URL \(error.problem)"
            try await giveUp(planned, reason: reason)
            throw PermanentError(type: "webhook_refused", message: reason)
        }
    }

    private enum Claim {
        case taken(ClaimedDelivery, [WebhookSecret])
        /// Another process is at it, or has done it.
        case elsewhere(Outcome)
    }

    private func take(_ planned: PlannedDelivery, _ context: MessageContext) async throws -> Claim {
        let results = try await pool.pipeline([
            ClaimedDelivery.claim(planned.id, isReplay: context.isReplay), ClaimedDelivery.state(of: planned.id),
        ])
        guard let row = results[0].first else {
            let state = results[1].first
            guard state?.text(0) == "queued", let remaining = state?.double(1), remaining > 0 else {
                return .elsewhere(.done)
            }
            return .elsewhere(.snooze(.seconds(remaining) + .milliseconds(100)))
        }
        let claimed = ClaimedDelivery(row)
        do {
            let secrets = try claimed.secrets.map { sealed in
                try seal.open(sealed, of: planned.endpoint, by: claimed.master)
            }
            return .taken(claimed, secrets)
        } catch {
            _ = try await pool.query(WebhookStatements.released(planned.id, reason: "\(error)"))
            throw error
        }
    }

    /// Not a part of the message's own effect: sent back from the dead letters, it is not a duplicate.
    private func giveUp(_ planned: PlannedDelivery, reason: String) async throws {
        _ = try await pool.query(WebhookStatements.failed(planned.id, reason: reason))
    }

    private func disable(
        _ planned: PlannedDelivery,
        by statement: SQLStatement,
        _ context: MessageContext
    ) async throws -> Bool {
        let isDisabled = try await pool.transaction { transaction in
            guard let row = try await transaction.query(statement).first else { return false }
            let body: [JSONValue.Member] = [
                .init(name: "endpointId", value: .string(planned.endpoint)),
                .init(name: "name", value: .string(row.text(0) ?? "")),
                .init(name: "timestamp", value: .string(WallClock.iso8601())),
            ]
            // An address may hold what only its own receiver should know.
            let notice = WebhookMessage(
                event: WebhookEvents.disabled,
                body: Array(JSONValue.members(body).json.utf8),
                correlationID: context.correlationID
            )
            try await webhooks.post(notice) { try await transaction.pipeline($0) }
            let url = JSONValue.Member(name: "url", value: .string(row.text(1) ?? ""))
            let event = OutgoingEvent(
                name: WebhookEvents.disabled,
                body: Array(JSONValue.members(body + [url]).json.utf8)
            )
            let message = event.message(causedBy: context.message, context.correlationID, eventExchange)
            _ = try await transaction.query(Outbox.insert([message]))
            return true
        }
        guard isDisabled else { return false }
        context.log.error(
            "a webhook endpoint is disabled; flotilla webhook list says why, flotilla webhook enable takes it up again",
            correlationID: context.correlationID,
            ["endpoint": .string(planned.name)]
        )
        return true
    }

    private func note(_ result: WebhookAttemptResult, _ planned: PlannedDelivery) {
        metrics.counter(
            WebhookMetrics.attempts,
            [
                "endpoint": planned.name,
                "result": result.isSuccess ? "delivered" : result.status.map(String.init) ?? "none",
            ]
        ).increment()
        metrics.histogram(
            WebhookMetrics.duration,
            ["endpoint": planned.name]
        ).observe(result.took.seconds)
    }
}
