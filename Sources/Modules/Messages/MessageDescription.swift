package import FlotillaModels

/// What a message of one name is: an event, a job, or both. The domain that reads or publishes it says so.
///
/// Bodies that callers hand in are checked by it, and `/api/v1/schemas`, `/openapi.json` and `/asyncapi.json` show it. A test holds
/// each description to its reader: the example is taken, and not without a required field, nor with a field of another kind.
package struct MessageDescription: Sendable {
    package enum Role: String, Sendable, Hashable {
        /// An event: its name is the routing key on the topic exchange.
        case event
        /// A job type: its name is the routing key on the direct exchange.
        case job
    }

    /// - Throws: `InvalidPayload` for a body that a worker would dead-letter at once.
    package typealias Check = @Sendable (_ body: [UInt8]) throws(InvalidPayload) -> Void

    package let name: String
    package let roles: Set<Role>
    package let summary: String
    /// Who publishes it: ``fleet``, or a service, as the domain documents call it.
    package let sender: String
    package let fields: [PayloadField]
    /// Whether it may have members beside the fields.
    package let isOpen: Bool
    /// A JSON object.
    package let example: String
    /// `nil` when nobody reads its body.
    package let check: Check?

    /// The sender of what the fleet publishes itself.
    package static let fleet = "flotilla"

    package init(
        _ name: String,
        _ roles: Set<Role> = [.event],
        from sender: String,
        _ summary: String,
        fields: [PayloadField] = [],
        isOpen: Bool = true,
        example: String,
        check: Check? = nil
    ) {
        self.name = name
        self.roles = roles
        self.sender = sender
        self.summary = summary
        self.fields = fields
        self.isOpen = isOpen
        self.example = example
        self.check = check
    }
}

extension MessageDescription {
    /// The check of a body that a worker reads as a value of this type.
    package static func reading<Payload: WholeBody & SendableMetatype>(_ type: Payload.Type) -> Check {
        { body throws(InvalidPayload) in _ = try Payload(body: body) }
    }
}
