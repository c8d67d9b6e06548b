import FlotillaModels

/// The part that an event or a service's own entry plays in an action that takes time: its beginning or one of its ends.
///
/// `import.started` begins the action `import`; so does an entry with the action `IMPORT_STARTED`. An end belongs to
/// the beginning whose id it gives (``keyNames``, or the id of the action: `importId`), be it the id that the beginning
/// gave itself or that of its message, and else to that of the same action under the same correlation id.
struct ActionStep: Sendable, Hashable {
    enum Phase: String, Sendable, CaseIterable {
        case started, completed, failed
    }

    let phase: Phase
    /// `import`, `config.update`; `nil` for an end that only says which entry it ends.
    let action: String?
    /// The id that the event itself gives of the action.
    let key: String?

    /// The event of services' own entries.
    static let entryEvent = "audit.write"
    static let keyNames = ["actionId", "action_id", "auditLogId", "audit_log_id", "auditId", "audit_id"]

    /// - Returns: `nil` for what is no step of an action.
    init?(_ record: AuditRecord) {
        if record.event == Self.entryEvent {
            guard let step = Self(entry: record.body) else { return nil }
            self = step
        } else {
            guard let dot = record.event.utf8.lastIndex(of: UInt8(ascii: ".")),
                let phase = Phase(rawValue: String(record.event[dot...].dropFirst()))
            else { return nil }
            let action = String(record.event[..<dot])
            self.phase = phase
            self.action = action
            key = Self.key(of: action, in: record.body, besides: [])
        }
    }

    private init?(entry body: [UInt8]) {
        guard let fields = try? EventFields(body) else { return nil }
        let text = try? fields.text("action", limit: 200)
        let words = text?.lowercased().split { "_-. ".contains($0) }.map(String.init)
        let status = (try? fields.text("status", limit: 40)).flatMap { Phase(rawValue: $0.lowercased()) }
        let last = words?.last.flatMap(Phase.init(rawValue:))
        guard let phase = status ?? last else { return nil }
        self.phase = phase
        let name = (last == nil ? words : words?.dropLast())?.joined(separator: ".") ?? ""
        action = name.isEmpty ? nil : name
        key = Self.key(of: name, in: body, besides: ["id", "_id"])
    }

    private static func key(of action: String, in body: [UInt8], besides names: [String]) -> String? {
        guard let fields = try? EventFields(body) else { return nil }
        let words = action.split(separator: ".")
        let camel =
            words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        let own = action.isEmpty ? [] : ["\(camel)Id", "\(words.joined(separator: "_"))_id"]
        return (try? fields.identifier(among: keyNames + own + names)) ?? nil
    }
}
