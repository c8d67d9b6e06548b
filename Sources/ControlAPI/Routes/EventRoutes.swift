package import FlotillaHTTPRouting
import FlotillaModels
package import FlotillaModules
import FlotillaPlatform
import FlotillaStorage

/// `/api/v1/events`: publish a domain event.
package struct EventRoutes: Sendable {
    private enum Body {
        static let type = Field.required("type", .routingKey, "The routing key on the topic exchange: profile.viewed.")
        static let data = Field.required("data", .json, "The message's body, byte by byte.")
        static let id = Field.optional(
            "id",
            .string(length: 1...255),
            "The event's id, among those of the caller; repeats with the same one have no effect."
        )
        static let correlationID = Field.optional("correlationId", .correlationID, "Goes with the event everywhere.")
        static let occurredAt = Field.optional("occurredAt", .timestamp, "When it happened, to the second.")
        static let fields: Fields = [type, data, id, correlationID, occurredAt]
    }

    private static let idempotencyKey = IdempotencyHeader.field("Repeats with the same key publish nothing again.")
    private static let traceParent = Field.optional("traceparent", .string(length: 1...255), "W3C Trace Context.")

    private let intake: EventIntake
    private let exchange: String
    private let admission: AdmissionControl
    private let rules: IntakeRules
    private let messages: MessageCatalog
    private let topology: Topology

    package init(_ context: APIContext) {
        intake = EventIntake(context.postgres)
        exchange = context.topology.events.name
        admission = context.admission
        rules = context.rules
        messages = context.messages
        topology = context.topology
    }

    package var routes: [Route] {
        [
            Route(
                "POST",
                "/api/v1/events",
                access: .scope(.enqueue),
                summary: "Publish a domain event. The answer comes once it is stored for good.",
                about: """
                    What an event may hold, `GET /api/v1/schemas/{type}` says. One of another name is taken as it is, with a \
                    warning.
                    """,
                body: Body.fields,
                examples: messages.examples(.event, rules: rules) { type, example in
                    #"{"type":\#(type.json),"data":\#(example)}"#
                },
                headers: [Self.idempotencyKey, Self.traceParent],
                answers: [
                    .of(202, "Accepted.", Schemas.event),
                    .of(403, "The key lacks the scope, or a grant for this event, or the event is the fleet's own."),
                    .of(409, "The first request with the idempotency key is not answered yet."),
                    .of(422, "The request has mistakes, or its idempotency key belongs to another one."),
                ],
                handler: publish
            )
        ]
    }

    private func publish(_ call: Call) async throws -> HTTPResponse {
        let givenID = call.body[Body.id]
        let id = givenID ?? UUIDv7.make()
        let type = call.body.required(Body.type)
        try rules.check(event: type, from: call.principal)
        try messages.check(call.body.required(Body.data), of: type, at: Body.data.name)
        var message = Message(body: call.body.required(Body.data))
        message.properties.contentType = "application/json"
        message.properties.deliveryMode = 2
        message.properties.messageID = givenID.map { call.messageID(for: $0) } ?? id
        message.properties.correlationID = call.body[Body.correlationID] ?? call.correlationID
        message.properties.timestamp = call.body[Body.occurredAt].map { UInt64($0.microseconds / 1_000_000) }
        message.properties.appID = call.principal?.name
        if let traceParent = call.headers[Self.traceParent] {
            message.headers[FleetHeader.traceParent] = .string(traceParent)
        }
        try admission.check()
        var data = JSONObject()
        data.add("id", id)
        data.add("type", type)
        data.add("correlationId", message.properties.correlationID)
        if let warning = messages.warning(event: type, in: topology) { data.add("warnings", jsons: [warning.json]) }
        let answer = data.closed
        var outgoing = OutgoingMessage(exchange: exchange, routingKey: type, message: message)
        outgoing = ReceivedRequest.current?.stamped(outgoing, id: givenID) ?? outgoing
        guard let key = call.idempotencyKey else {
            try await intake.publish(outgoing)
            return Envelope.success(answer, status: 202)
        }
        let claim = IdempotencyKeys.Claim(key: key, resource: id, answer: answer)
        guard let holder = try await intake.publish(outgoing, claiming: claim) else {
            return Envelope.success(answer, status: 202)
        }
        guard holder.isRepeated(by: key), let first = holder.answer else { throw APIError.idempotencyKeyReused() }
        return Envelope.success(first, status: 202, headers: IdempotencyHeader.headers(isRepeat: true))
    }
}
