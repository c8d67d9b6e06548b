import FlotillaModels
import FlotillaPlatform

/// One row of a report: the same cells in every format.
struct ReportRow {
    static let heading = [
        "id", "recordedAt", "occurredAt", "event", "actor", "subject", "service", "correlationId", "messageId",
        "action",
        "status", "startedAt", "durationMs", "receivedBy", "receivedRoute", "receivedAddress", "receivedAt",
        "receivedId",
        "personalData", "body",
    ]

    let cells: [String]
    /// Which cells are JSON already.
    private static let body = heading.count - 1

    init(_ entry: AuditEntry) {
        let record = entry.record
        let action = entry.action
        cells = [
            entry.id.description, WallClock.iso8601(record.recordedAt), WallClock.iso8601(record.occurredAt),
            record.event, record.actor ?? "", record.subject ?? "", record.service ?? "", record.correlationID ?? "",
            record.messageID, action?.name ?? "", action?.status ?? "",
            action.map { WallClock.iso8601($0.startedAt) } ?? "", action?.milliseconds.map(String.init) ?? "",
            record.receipt.by ?? "", record.receipt.route ?? "", record.receipt.address ?? "",
            record.receipt.at.map { WallClock.iso8601($0) } ?? "", record.receipt.id ?? "",
            entry.disclosure.rawValue, String(decoding: record.body, as: UTF8.self),
        ]
    }

    /// An object; empty cells are left out, and the body is the JSON that it is.
    var json: String {
        var members: [String] = []
        for (place, cell) in cells.enumerated() where !cell.isEmpty {
            let isJSON = place == Self.body || Self.heading[place] == "durationMs"
            let value = isJSON ? cell : String(decoding: JSONTree.literal(cell), as: UTF8.self)
            members.append("\"\(Self.heading[place])\":\(value)")
        }
        return "{\(members.joined(separator: ","))}"
    }
}
