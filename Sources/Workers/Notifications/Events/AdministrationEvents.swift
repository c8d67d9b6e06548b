import FlotillaModels

/// Imports, reports and changes of the configuration: for those who run the platform.
enum AdministrationEvents {
    static func importCompleted(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        let results = try fields.value("stats", "results")
        var data = TemplateData()
        for name in ["success", "failed"] {
            guard let number = fields.count(try number(name, fields, results)) else {
                throw InvalidPayload(field: name, problem: "expected a number")
            }
            data.add(name, number: number)
        }
        data.add("file_name", try fields.text("fileName", "file_name"))
        return EventEffect(announcements: [
            Announcement(template: "import_completed", to: [try starter(fields)], data: data)
        ])
    }

    static func importFailed(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        var data = TemplateData()
        guard let error = try fields.text("error", "message", "reason") else {
            throw InvalidPayload(field: "error", problem: "missing")
        }
        data.add("error", error)
        data.add("file_name", try fields.text("fileName", "file_name"))
        return EventEffect(announcements: [
            Announcement(template: "import_failed", to: [try starter(fields)], data: data)
        ])
    }

    /// HR is notified of a report that holds alerts, and of no other.
    static func reportGenerated(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        let alerts = try alerts(fields.value("alerts"))
        guard !alerts.isEmpty else { return EventEffect() }
        var data = TemplateData()
        data.add("title", try fields.text("title"))
        data.add("period", try fields.text("period", "month", "type"))
        data.add("alerts", .array(alerts))
        data.add("report_urls", .array(links(try fields.value("reportUrls", "report_urls", "reports"))))
        return EventEffect(announcements: [
            Announcement(template: "report_generated", to: [.role("hr")], data: data)
        ])
    }

    static func configUpdated(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        var data = TemplateData()
        data.add("updated_by", try fields.requiredIdentifier("updatedBy", "updated_by", "adminId", "admin_id"))
        data.add("changes", .array(changes(try fields.value("changes"))))
        return EventEffect(announcements: [
            Announcement(template: "config_updated", to: [.role("admins")], data: data)
        ])
    }

    /// Under `stats` or `results`, or beside them.
    private static func number(
        _ name: String,
        _ fields: EventFields,
        _ results: JSONValue?
    ) throws(InvalidPayload) -> JSONValue? {
        if let value = results?[name] { return value }
        return try fields.value(name)
    }

    private static func starter(_ fields: EventFields) throws(InvalidPayload) -> RecipientSelector {
        try fields.person("adminId", "admin_id", "userId", "user_id", "startedBy", "started_by", "actorId", "actor_id")
    }

    private static func object(_ members: (String, JSONValue?)...) -> JSONValue {
        var data = TemplateData()
        for (name, value) in members { data.add(name, value) }
        return .members(data.members)
    }

    /// A list of texts or of objects with a `message`, or their number.
    private static func alerts(_ value: JSONValue?) throws(InvalidPayload) -> [JSONValue] {
        switch value {
        case nil, .null?: return []
        case .number(let text)?: return text == "0" ? [] : [object(("message", .string("Alertes / Alerts: \(text)")))]
        case .array(let elements)?:
            var alerts: [JSONValue] = []
            for (index, element) in elements.enumerated() {
                switch element {
                case .string: alerts.append(object(("message", element)))
                case .members where element["message"] != nil: alerts.append(element)
                default:
                    let problem = "expected a text, or an object with a message"
                    throw InvalidPayload(field: "alerts.\(index)", problem: problem)
                }
            }
            return alerts
        default: throw InvalidPayload(field: "alerts", problem: "expected a list or a number")
        }
    }

    /// A list of addresses, or an object of them by kind: `{"pdf": {"url": "…"}}`.
    private static func links(_ value: JSONValue?) -> [JSONValue] {
        switch value {
        case .array(let elements)?:
            elements.compactMap { element in
                if case .string(let url) = element {
                    object(("label", .string(String(url.split(separator: "/").last ?? ""))), ("url", element))
                } else {
                    element["url"] == nil ? nil : element
                }
            }
        case .members(let members)?:
            members.compactMap { member in
                let url = member.value["url"] ?? member.value
                guard case .string = url else { return nil }
                return object(("label", .string(member.name)), ("url", url))
            }
        default: []
        }
    }

    /// A list of texts or of objects with a `key`, or an object of new values, each perhaps with its old one.
    private static func changes(_ value: JSONValue?) -> [JSONValue] {
        switch value {
        case .array(let elements)?:
            elements.compactMap { element in
                if case .string = element { object(("key", element)) } else { element["key"] == nil ? nil : element }
            }
        case .members(let members)?:
            members.map { member in
                if case .members = member.value {
                    object(
                        ("key", .string(member.name)),
                        ("old", shown(member.value["old"])),
                        ("new", shown(member.value["new"] ?? member.value))
                    )
                } else {
                    object(("key", .string(member.name)), ("new", shown(member.value)))
                }
            }
        default: []
        }
    }

    /// What a template can show: objects and lists as their JSON.
    private static func shown(_ value: JSONValue?) -> JSONValue? {
        switch value {
        case .members?, .array?: value.map { .string($0.json) }
        default: value
        }
    }
}
