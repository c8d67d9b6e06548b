import Models
import Storage

/// Reads the events that the index is made of back from the audit log, a page at a time.
struct AuditedEvents: Sendable {
    enum Event: Sendable {
        case profile(ProfileChange, ProfileChange.Kind, EventVersion)
        case deletion(UserDeleted)
    }

    struct Page: Sendable {
        var events: [Event] = []
        /// Rows whose bodies no worker could read either.
        var unreadable = 0
        /// Up to where the lane has been read.
        var place: Place
        var isLast = false
    }

    struct Place: Sendable {
        var lane: Int64
        var sequence: Int64
        var recordedAt: Int64
        /// The lane's last row at the beginning.
        let last: Int64
    }

    private static let keys = [ProfileValidated.event, ProfileUpdated.event, ProfileRejected.event, UserDeleted.event]

    let pool: PostgresPool
    let privacy: AuditPrivacy
    let pageSize: Int64

    /// The beginnings of all lanes, and how many rows they have.
    func lanes() async throws -> (places: [Place], rows: Int64) {
        let heads = try await pool.query(
            SQLStatement("SELECT lane, base_sequence, sequence FROM audit_lanes ORDER BY lane")
        )
        var rows: Int64 = 0
        let places = heads.compactMap { row -> Place? in
            guard let lane = row.int(0), let base = row.int(1), let last = row.int(2) else { return nil }
            rows += last - base
            return Place(lane: lane, sequence: base, recordedAt: EventTime.plausible.lowerBound, last: last)
        }
        return (places, rows)
    }

    func page(after place: Place) async throws -> Page {
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT sequence, recorded_at, routing_key, message_id, occurred_at, body FROM audit_logs
                WHERE lane = $1 AND (sequence, recorded_at) > ($2, $3) AND sequence <= $4 AND routing_key = ANY ($5)
                ORDER BY sequence, recorded_at LIMIT $6
                """,
                [
                    .int(place.lane), .int(place.sequence), .timestamp(place.recordedAt), .int(place.last),
                    .textArray(Self.keys), .int(pageSize),
                ]
            )
        )
        var page = Page(place: place, isLast: rows.count < pageSize)
        let bodies = try await privacy.reveal(rows.map { ($0.text(3) ?? "", $0.bytes(5) ?? []) })
        for (row, body) in zip(rows, bodies) {
            page.place.sequence = row.int(0) ?? place.last
            page.place.recordedAt = row.timestamp(1) ?? place.recordedAt
            // Of somebody who is forgotten there is nothing to be found.
            guard body.disclosure != .forgotten else { continue }
            do {
                if let event = try event(row, body.body) { page.events.append(event) }
            } catch {
                page.unreadable += 1
            }
        }
        if page.isLast { page.place.sequence = place.last }
        return page
    }

    private func event(_ row: SQLRow, _ body: [UInt8]) throws(InvalidPayload) -> Event? {
        guard let recordedAt = row.timestamp(1), let key = row.text(2), let messageID = row.text(3),
            let occurredAt = row.timestamp(4)
        else { return nil }
        let data = try Self.data(of: body)
        func profile(_ event: some ProfileEvent) -> Event {
            let time = event.change.occurredAt ?? occurredAt
            // As the worker took it: a time more than a day ahead is a clock gone wrong.
            let isAhead = time > recordedAt + 86_400_000_000
            let version = EventVersion(time: isAhead ? recordedAt : time, messageID: messageID)
            return .profile(event.change, type(of: event).kind, version)
        }
        return switch key {
        case ProfileValidated.event: profile(try ProfileValidated(body: data))
        case ProfileUpdated.event: profile(try ProfileUpdated(body: data))
        case ProfileRejected.event: profile(try ProfileRejected(body: data))
        case UserDeleted.event: .deletion(try UserDeleted(body: data))
        default: nil
        }
    }

    /// The log keeps messages as they came, and not their content types: a structured CloudEvent shows by its members.
    private static func data(of body: [UInt8]) throws(InvalidPayload) -> [UInt8] {
        var names: Set<String> = []
        try JSONScanner.forEachMember(of: body) { member in
            if member.key.count <= 20 { names.insert(String(decoding: body[member.key], as: UTF8.self)) }
        }
        guard names.isSuperset(of: ["specversion", "type"]) else { return body }
        var message = Message(body: body)
        message.properties.contentType = "application/cloudevents+json"
        return try CloudEvent.unwrap(message)?.body ?? body
    }
}
