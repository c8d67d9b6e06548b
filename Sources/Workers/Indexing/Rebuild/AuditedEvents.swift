import FlotillaAudit
import FlotillaModels
import FlotillaStorage

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
        var place: AuditReplay.Place
        var isLast: Bool
    }

    private static let keys = [ProfileValidated.event, ProfileUpdated.event, ProfileRejected.event, UserDeleted.event]

    private let replay: AuditReplay

    init(_ pool: PostgresPool, privacy: AuditPrivacy, pageSize: Int64) {
        replay = AuditReplay(pool, privacy: privacy, keys: Self.keys, pageSize: pageSize)
    }

    /// The beginnings of all lanes, and how many rows they have.
    func lanes() async throws -> (places: [AuditReplay.Place], rows: Int64) { try await replay.lanes() }

    func page(after place: AuditReplay.Place) async throws -> Page {
        let read = try await replay.page(after: place)
        var page = Page(place: read.place, isLast: read.isLast)
        for row in read.rows {
            do {
                if let event = try event(row) { page.events.append(event) }
            } catch {
                page.unreadable += 1
            }
        }
        return page
    }

    private func event(_ row: AuditReplay.Row) throws(InvalidPayload) -> Event? {
        let data = try Self.data(of: row.body)
        func profile(_ event: some ProfileEvent) -> Event {
            // As the worker took it.
            let time = EventTime.credible(event.change.occurredAt ?? row.occurredAt, receivedAt: row.recordedAt)
            let version = EventVersion(time: time, messageID: row.messageID)
            return .profile(event.change, type(of: event).kind, version)
        }
        return switch row.routingKey {
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
