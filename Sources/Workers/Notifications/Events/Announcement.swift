import FlotillaModels
import FlotillaPlatform

/// What an event tells, by which template, and whom.
struct Announcement: Sendable {
    let template: String
    let to: [RecipientSelector]
    let data: TemplateData
    var channels: [Channel] = [.email, .inApp]
    var priority = NotificationPriority.normal
    /// Whether it is no error when there is no recipient.
    var allowsNoRecipient = false
    /// Whether what is wrong with it keeps the event's other announcements from nothing.
    var standsAlone = false
    var eventID: String?

    var request: NotificationRequest {
        var request = NotificationRequest(
            template: template,
            to: to,
            channels: channels,
            data: data.members,
            eventID: eventID
        )
        request.priority = priority
        request.allowsNoRecipient = allowsNoRecipient
        request.standsAlone = standsAlone
        return request
    }
}

/// The variables of a template, in order; what is absent is left out.
struct TemplateData: Sendable {
    private(set) var members: [JSONValue.Member] = []

    mutating func add(_ name: String, _ value: JSONValue?) {
        if let value, !value.isNull { members.append(.init(name: name, value: value)) }
    }

    mutating func add(_ name: String, _ text: String?) { add(name, text.map { JSONValue.string($0) }) }

    /// - Parameter time: microseconds since 1970.
    mutating func add(_ name: String, time: Int64?) { add(name, time.map { WallClock.iso8601($0) }) }

    mutating func add(_ name: String, number: Int?) { add(name, number.map { JSONValue.number(String($0)) }) }
}

/// What an event brings about here: changes of recipients, and announcements.
struct EventEffect: Sendable {
    var changes: [RecipientChange] = []
    var announcements: [Announcement] = []
}

/// An event as the mappings of ``NotifiedEvents`` read it.
struct NotifiedEvent: Sendable {
    let name: String
    let fields: EventFields
    /// What the envelope says, else when it arrived; microseconds since 1970.
    let envelopeTime: Int64

    init(name: String, body: [UInt8], envelopeTime: Int64) throws(InvalidPayload) {
        self.name = name
        fields = try EventFields(body)
        self.envelopeTime = envelopeTime
    }

    var time: Int64 {
        get throws(InvalidPayload) { try fields.time("occurredAt", "occurred_at", "timestamp") ?? envelopeTime }
    }
}
