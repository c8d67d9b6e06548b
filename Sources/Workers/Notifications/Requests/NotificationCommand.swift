import FlotillaLocalization
package import FlotillaModels
import FlotillaOutbound

/// `notification.email`, `notification.sms` and `notification.in-app`: a service that knows template and recipient.
///
/// ```json
/// {"to": "user@example.com", "template": "ticket_generated", "data": {"event_title": "…"},
///  "options": {"priority": "high", "scheduledAt": "2026-01-30T03:00:00Z"}}
/// ```
/// `to` is an address (for SMS a number, in an application a user's id), an object with one of `email`, `phone`,
/// `userId`, `customerId` or `role`, or a list of these. `options` knows `priority`, `scheduledAt`, `language`,
/// `timeZone` (in which `scheduledAt` is read when it has no offset), `eventId` and `attachments` with `fileName`, `contentType` and `content` in base64.
package struct NotificationCommand: Decodable, WholeBody, Sendable {
    /// Longer lists are for roles.
    package static let largestList = 10_000

    /// A command to one person.
    static func example(_ channel: Channel) -> String {
        let recipient =
            switch channel {
            case .email: "ann@example.com"
            case .sms: "+33612345678"
            case .inApp: "42"
            }
        return """
            {"to":"\(recipient)","template":"message","data":{"title":"Rooms have changed","body":"Room 4, not 2."},\
            "options":{"priority":"high","language":"en"}}
            """
    }

    /// Without channels: those follow from the queue or the path.
    package let request: NotificationRequest
    /// The zone that was assumed for times without an offset; `nil` when there are none, or the command names one.
    package let assumedZone: String?

    package init(body: [UInt8]) throws(InvalidPayload) {
        guard case .members(let members) = try JSONValue(body) else {
            throw InvalidPayload(field: "", problem: "expected an object")
        }
        var mistakes = PayloadMistakes()
        let reader = JSONObjectReader(.members(members), path: "")
        mistakes.collect(try reader.refuseUnknown(["to", "template", "data", "options"]))
        let template = mistakes.collect(try Self.template(reader))
        let selectors = mistakes.collect(try Self.selectors(reader.value("to")))
        let data = mistakes.collect(try reader.members("data")) ?? []
        var request = NotificationRequest(template: template ?? "", to: selectors ?? [], channels: [], data: data)
        let given = mistakes.collect(try reader.members("options")) ?? []
        let options = JSONObjectReader(.members(given), path: "options.")
        mistakes.collect(
            try options.refuseUnknown(["priority", "scheduledAt", "language", "timeZone", "eventId", "attachments"])
        )
        request.priority = mistakes.collect(try Self.priority(options)) ?? .normal
        let scheduledAt = mistakes.collect(try options.time("scheduledAt"))
        request.language = mistakes.collect(try options.language("language"))
        request.timeZone = mistakes.collect(try options.timeZone("timeZone"))
        let zone = request.timeZone.flatMap(NamedTimeZone.named)
        request.scheduledAt = scheduledAt?.moment(in: zone ?? AssumedZone.current)
        request.eventID = mistakes.collect(try options.identifier("eventId")) ?? Self.eventID(data)
        request.attachments = mistakes.collect(try options.attachments("attachments")) ?? []
        try mistakes.throwAll()
        self.request = request
        let hasLocalTimes = scheduledAt?.isLocal ?? false || JSONValue.members(data).hasLocalTime
        assumedZone = zone == nil && hasLocalTimes ? AssumedZone.current.name : nil
    }

    private static func template(_ reader: JSONObjectReader) throws(InvalidPayload) -> String {
        guard let template = try reader.text("template", limit: 200) else {
            throw InvalidPayload(field: "template", problem: "missing")
        }
        return template
    }

    private static func priority(_ options: JSONObjectReader) throws(InvalidPayload) -> NotificationPriority? {
        guard let word = try options.text("priority", limit: 20) else { return nil }
        guard let priority = NotificationPriority(rawValue: word) else {
            throw InvalidPayload(field: "options.priority", problem: "expected high or normal")
        }
        return priority
    }

    private static func eventID(_ data: [JSONValue.Member]) -> String? {
        let id = data.first { ["event_id", "eventId"].contains($0.name) }?.value
        return switch id {
        case .string(let text) where (1...255).contains(text.utf8.count): text
        case .number(let text): text
        default: nil
        }
    }

    private static func selectors(_ value: JSONValue?) throws(InvalidPayload) -> [RecipientSelector] {
        guard let value else { throw InvalidPayload(field: "to", problem: "missing") }
        guard case .array(let elements) = value else { return [try RecipientSelector(value, path: "to")] }
        guard (1...largestList).contains(elements.count) else {
            throw InvalidPayload(
                field: "to",
                problem: "expected 1 to \(largestList) recipients, found \(elements.count)"
            )
        }
        var selectors: [RecipientSelector] = []
        for (index, element) in elements.enumerated() {
            selectors.append(try RecipientSelector(element, path: "to.\(index)"))
        }
        return selectors
    }
}

extension JSONValue {
    /// Whether a text in it is a time without an offset. A date alone is none: most are shown as they are.
    fileprivate var hasLocalTime: Bool {
        switch self {
        case .string(let text): WrittenTime(text)?.kind == .local
        case .array(let elements): elements.contains(where: \.hasLocalTime)
        case .members(let members): members.contains { $0.value.hasLocalTime }
        default: false
        }
    }
}

extension RecipientSelector {
    fileprivate init(_ value: JSONValue, path: String) throws(InvalidPayload) {
        switch value {
        case .string(let text):
            let text = try Self.checked(text, path)
            if text.contains("@") { try Self.checkAddress(text, path) }
            self = text.contains("@") ? .email(text, name: nil) : text.hasPrefix("+") ? .phone(text) : .user(text)
        case .number(let text): self = .user(text)
        case .members(let members): try self.init(members: members, path: path)
        default:
            throw InvalidPayload(field: path, problem: "expected an address, or an object such as {\"userId\": \"42\"}")
        }
    }

    private init(members: [JSONValue.Member], path: String) throws(InvalidPayload) {
        let reader = JSONObjectReader(.members(members), path: path + ".")
        try reader.refuseUnknown(["email", "name", "phone", "userId", "customerId", "role"])
        let name = try reader.text("name", limit: 1_000)
        let given = members.filter { $0.name != "name" && !$0.value.isNull }
        guard given.count == 1, let kind = given.first?.name else {
            let problem = "expected one of email, phone, userId, customerId and role, found \(given.count)"
            throw InvalidPayload(field: path, problem: problem)
        }
        guard let text = try reader.identifier(kind) else {
            throw InvalidPayload(field: "\(path).\(kind)", problem: "expected a text")
        }
        if kind == "email" { try Self.checkAddress(text, "\(path).email") }
        self =
            switch kind {
            case "email": .email(text, name: name)
            case "phone": .phone(text)
            case "customerId": .customer(text)
            case "role": .role(text)
            default: .user(text)
            }
    }

    private static func checkAddress(_ text: String, _ path: String) throws(InvalidPayload) {
        do throws(FieldError) {
            _ = try MailAddress(text, field: path)
        } catch {
            throw InvalidPayload(field: error.field, problem: error.problem)
        }
    }

    private static func checked(_ text: String, _ path: String) throws(InvalidPayload) -> String {
        guard (1...320).contains(text.utf8.count), !text.utf8.contains(0) else {
            throw InvalidPayload(field: path, problem: "expected 1 to 320 bytes without the character U+0000")
        }
        return text
    }
}
