package import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaPlatform
package import FlotillaStorage

/// `/api/v1/events`: publish a domain event.
package struct EventRoutes: Sendable {
    private enum Body {
        static let type = Field.required("type", .routingKey, "The routing key on the topic exchange: profile.viewed.")
        static let data = Field.required("data", .json, "The message's body, byte by byte.")
        static let id = Field.optional("id", .string(), "The message id; repeats with the same one have no effect.")
        static let correlationID = Field.optional("correlationId", .correlationID, "Goes with the event everywhere.")
        static let occurredAt = Field.optional("occurredAt", .timestamp, "When it happened, to the second.")
        static let fields: Fields = [type, data, id, correlationID, occurredAt]
    }

    private static let traceParent = Field.optional("traceparent", .string(length: 1...255), "W3C Trace Context.")

    private let intake: EventIntake
    private let exchange: String
    private let admission: AdmissionControl

    /// - Parameter exchange: the topic exchange.
    package init(_ pool: PostgresPool, exchange: String, admission: AdmissionControl) {
        intake = EventIntake(pool)
        self.exchange = exchange
        self.admission = admission
    }

    package var routes: [Route] {
        [
            Route(
                "POST",
                "/api/v1/events",
                access: .scope(.enqueue),
                summary: "Publish a domain event. The answer comes once it is stored for good.",
                body: Body.fields,
                headers: [Self.traceParent],
                answers: [.of(202, "Accepted.", Schemas.event)],
                handler: publish
            )
        ]
    }

    private func publish(_ call: Call) async throws -> HTTPResponse {
        let id = call.body[Body.id] ?? UUIDv7.make()
        let type = call.body.required(Body.type)
        var message = Message(body: call.body.required(Body.data))
        message.properties.contentType = "application/json"
        message.properties.deliveryMode = 2
        message.properties.messageID = id
        message.properties.correlationID = call.body[Body.correlationID] ?? call.correlationID
        message.properties.timestamp = call.body[Body.occurredAt].map { UInt64($0.microseconds / 1_000_000) }
        message.properties.appID = call.principal?.name
        if let traceParent = call.headers[Self.traceParent] {
            message.headers[FleetHeader.traceParent] = .string(traceParent)
        }
        try admission.check()
        try await intake.publish(OutgoingMessage(exchange: exchange, routingKey: type, message: message))
        var data = JSONObject()
        data.add("id", id)
        data.add("type", type)
        data.add("correlationId", message.properties.correlationID)
        return Envelope.success(data.closed, status: 202)
    }
}
