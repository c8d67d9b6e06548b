package import FlotillaCommandLineKit
import FlotillaHTTPRouting
package import FlotillaModels
package import FlotillaOperations
import FlotillaPlatform
package import FlotillaStorage

/// What an operator has done, at the command line or by a route, for the audit log: the event `operator.acted`.
package struct OperatorEvent: Sendable {
    package static let name = "operator.acted"

    /// `key.create`.
    package var action: String
    /// The id of what it was done to.
    package var subject: String?
    package var reason: String?
    /// Further members of the body, as JSON texts.
    package var details: [(name: String, json: String)] = []

    package init(_ action: String, of subject: String? = nil, because reason: String? = nil) {
        self.action = action
        self.subject = subject
        self.reason = reason
    }

    /// The statement that puts it into the outbox, for the transaction of what was done.
    ///
    /// Where there is a master key, the row in the audit log says under its hash who it was.
    package func statement(_ configuration: Configuration) -> SQLStatement {
        let exchange = ((try? configuration.topology()) ?? Topology(queues: [])).events.name
        return Outbox.insert([message(of: configuration.operatorRequest, to: exchange)])
    }

    /// - Parameters:
    ///   - request: who it was.
    ///   - exchange: where the fleet's events go.
    package func message(of request: ReceivedRequest, to exchange: String) -> OutgoingMessage {
        var body = JSONObject()
        body.add("service", "flotilla")
        body.add("action", action)
        body.add("actor", request.from.by)
        body.add("subject", subject)
        body.add("reason", reason)
        for detail in details { body.add(detail.name, json: detail.json) }
        body.add("occurredAt", WallClock.iso8601())
        var message = Message(body: Array(body.closed.utf8))
        message.properties.contentType = "application/json"
        message.properties.deliveryMode = 2
        message.properties.messageID = UUIDv7.make()
        message.properties.type = Self.name
        message.properties.appID = "flotilla"
        let outgoing = OutgoingMessage(exchange: exchange, routingKey: Self.name, message: message)
        return request.stamped(outgoing)
    }

    /// The same, in a transaction of its own.
    package func record(in pool: PostgresPool, _ configuration: Configuration) async throws {
        _ = try await pool.query(statement(configuration))
    }

    /// The same for what is done already and was not done in the database: where it can't be written, a note says so.
    package func record(_ configuration: Configuration, orNoteOn console: Console) async {
        do {
            try await configuration.withPostgres { pool in try await record(in: pool, configuration) }
        } catch {
            console.note("Warning: this is not in the audit log: \(error)")
        }
    }
}

extension Configuration {
    /// Where messages come from that a command makes: `cli:<user>`. Nobody believes it without a master key.
    package var operatorRequest: ReceivedRequest {
        let from = ReceivedFrom(by: "cli:\(OperatorName.current)", route: "flotilla", at: WallClock.microseconds())
        return ReceivedRequest(from, seal: (try? masterKeyring()).map { ReceivedSeal($0) })
    }
}
