import FlotillaModels
package import FlotillaStorage
import Workers

/// Sends one notification: claim, check, send, record.
///
/// The lease of a claim keeps duplicates of the message from sending side by side. Between a provider's acceptance and
/// the commit of the record lies the one window in which a crash makes a person get a notification twice: no provider
/// takes part in our transaction. A copy has the same `Message-ID`. While Postgres is away, ``AcceptedNotifications``
/// keeps what was accepted.
package struct NotificationDelivery: Sendable {
    private let pool: PostgresPool
    private let templates: TemplateLibrary
    private let identity: NotificationIdentity
    private let eventExchange: String
    private let lease: Duration
    private let accepted: AcceptedNotifications

    /// - Parameters:
    ///   - eventExchange: where `notification.failed` is published.
    ///   - lease: no longer than anybody would wait after a crash; renewed while a provider takes its time.
    ///   - recordTimeout: how long a delivery waits for its record when Postgres is away, before it steps aside.
    package init(
        _ pool: PostgresPool,
        _ texts: NotificationTexts,
        eventExchange: String,
        lease: Duration = .seconds(30),
        recordTimeout: Duration = .seconds(15)
    ) {
        self.lease = lease
        accepted = AcceptedNotifications(recordTimeout: recordTimeout)
        self.pool = pool
        templates = texts.templates
        identity = texts.identity
        self.eventExchange = eventExchange
    }

    /// - Parameter outage: what to wait for when every provider is out.
    func deliver(
        _ message: NotificationDeliveryMessage,
        in context: MessageContext,
        waitingFor outage: Dependency,
        _ send: (ClaimedNotification, RenderedNotification) async throws -> SendResult
    ) async throws -> Outcome {
        let id = message.notificationID
        if accepted.contains(id) {
            try await accepted.record(id, in: context)
            return .done
        }
        let results = try await pool.pipeline([
            DeliveryStatements.claim(id, for: lease, takesFailed: context.isReplay || message.address != nil),
            DeliveryStatements.attachments(of: id), DeliveryStatements.state(of: id),
        ])
        guard let row = results[0].first else { return try Self.unclaimed(id, state: results[2].first) }
        let claimed: ClaimedNotification
        do {
            claimed = try ClaimedNotification(row, attachments: results[1], address: message.address)
        } catch {
            try await release(id, reason: nil)
            throw error
        }
        if let objection = claimed.objection {
            _ = try await pool.query(DeliveryStatements.suppressed(id, reason: objection))
            return .done
        }
        let text: RenderedNotification
        do {
            text = try render(claimed)
        } catch {
            try await fail(claimed, provider: nil, reason: error.message, context)
            throw error
        }
        let answer: SendResult
        do {
            answer = try await keepingLease(of: id) { try await send(claimed, text) }
        } catch {
            // Written whole before anything was sent: a fault of the content.
            try await fail(claimed, provider: nil, reason: "\(error)", context)
            throw PermanentError(type: "unsendable", message: "\(error)")
        }
        return try await conclude(claimed, answer, context, waitingFor: outage)
    }

    private func conclude(
        _ claimed: ClaimedNotification,
        _ answer: SendResult,
        _ context: MessageContext,
        waitingFor outage: Dependency
    ) async throws -> Outcome {
        switch answer {
        case .accepted(let provider, let messageID):
            try await accepted.record(claimed.outcome(provider: provider, messageID: messageID), in: context)
            return .done
        case .refused(let provider, let reason):
            try await fail(claimed, provider: provider, reason: reason, context)
            throw PermanentError(type: "refused_by_provider", message: "\(provider): \(reason)")
        case .deferred(let provider, let reason, let delay):
            if context.attempt >= context.maxAttempts {
                try await fail(claimed, provider: provider, reason: reason, context)
            } else {
                // A long wait is on record, so that nobody takes the notification for forgotten.
                try await release(claimed.id, reason: reason, wait: delay.flatMap { $0 > .seconds(600) ? $0 : nil })
            }
            throw delay.map { RetryLater(after: $0, reason: "\(provider): \(reason)") } as (any Error)?
                ?? DeferredByProvider(provider: provider, reason: reason)
        case .unclear(let reason, let wait):
            try await release(claimed.id, reason: reason)
            return .snooze(wait)
        case .allOut(let reason):
            try await release(claimed.id, reason: reason)
            throw DependencyOutage(outage, reason: reason)
        case .busy(let wait):
            try await release(claimed.id, reason: nil)
            return .snooze(wait)
        }
    }

    /// A duplicate, or somebody else is at it.
    private static func unclaimed(_ id: String, state: SQLRow?) throws -> Outcome {
        guard let state, let status = state.text(0).flatMap(NotificationStatus.init) else {
            throw PermanentError(type: "unknown_notification", message: "there is no notification \(id)")
        }
        guard status == .queued else { return .done }
        return .snooze(.seconds(max(state.double(1) ?? 0, 0)) + .milliseconds(100))
    }

    /// Renews the lease until `body` has ended.
    private func keepingLease<Result>(of id: String, _ body: () async throws -> Result) async rethrows -> Result {
        let renewal = Task { [pool, lease] in
            while (try? await Task.sleep(for: lease / 3)) != nil {
                _ = try? await pool.query(DeliveryStatements.renewed(id, for: lease))
            }
        }
        defer { renewal.cancel() }
        return try await body()
    }

    private func render(_ claimed: ClaimedNotification) throws(PermanentError) -> RenderedNotification {
        guard case .members(let data) = claimed.data else { return try render(claimed, []) }
        return try render(claimed, data)
    }

    private func render(
        _ claimed: ClaimedNotification,
        _ data: [JSONValue.Member]
    ) throws(PermanentError) -> RenderedNotification {
        let values = identity.values(
            recipientID: claimed.recipient,
            name: claimed.name,
            address: claimed.channel == .email ? claimed.address : nil,
            unsubscribeToken: claimed.unsubscribeToken,
            data: data
        )
        do throws(TemplateError) {
            return try templates.render(
                claimed.template.name,
                language: claimed.language,
                values: values,
                timeZone: claimed.timeZone,
                writtenIn: claimed.writtenIn
            )
        } catch {
            throw PermanentError(type: error.code.rawValue, message: error.detail)
        }
    }

    private func release(_ id: String, reason: String?, wait: Duration? = nil) async throws {
        _ = try await pool.query(DeliveryStatements.released(id, reason: reason, wait: wait))
    }

    /// Not a part of the message's own effect: sent back from the dead letters, it is not a duplicate.
    private func fail(
        _ claimed: ClaimedNotification,
        provider: String?,
        reason: String,
        _ context: MessageContext
    ) async throws {
        let event = claimed.outcome(provider: provider, reason: reason).event
        _ = try await pool.pipeline([
            DeliveryStatements.failed(claimed.id, provider: provider, reason: reason),
            Outbox.insert([event.message(causedBy: context.message, context.correlationID, eventExchange)]),
        ])
    }
}
