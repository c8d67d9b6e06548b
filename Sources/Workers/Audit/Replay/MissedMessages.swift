import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage

/// Finds in the audit log what a queue should have had and its worker has neither handled nor given up.
///
/// Memory holds one page at a time.
struct MissedMessages: Sendable {
    /// What a range of the audit log gave.
    struct Count: Sendable, Hashable {
        var found = 0
        /// Messages that came without an id: whether they were handled can't be told.
        var withoutID = 0
        /// Messages of people who are forgotten, and those whose ids are not kept since they name somebody.
        var personal = 0

        var leftOut: Int { withoutID + personal }
    }

    /// Up to where each lane has been looked through. A lane is written by one transaction at a time, so that nothing
    /// appears before what has been read.
    struct Place: Sendable {
        fileprivate var sequences: [Int64: Int64] = [:]
        /// The exchanges and routing keys up to there that the queue's bindings take.
        fileprivate var keys: Set<Key> = []
        fileprivate var isBegun = false

        init() {}
    }

    fileprivate struct Key: Sendable, Hashable {
        let exchange: String
        let routingKey: String
    }

    private struct Lane {
        let number: Int64
        var sequence: Int64
        let last: Int64
    }

    private static let pageSize: Int64 = 200

    private let pool: PostgresPool
    private let privacy: AuditPrivacy
    private let topology: Topology

    init(_ pool: PostgresPool, privacy: AuditPrivacy, topology: Topology) {
        self.pool = pool
        self.privacy = privacy
        self.topology = topology
    }

    /// Hands over, page by page, the messages that were recorded from the time on; microseconds since 1970.
    ///
    /// - Parameters:
    ///   - place: where the call before ended; it is moved on.
    ///   - includesUnidentified: whether messages without an id of their own are handed over too; some may have been
    ///     handled already, and are handled again then.
    ///   - take: gets messages as they were published, addressed straight to the queue.
    func find(
        for queue: QueueDefinition,
        from start: Int64,
        after place: inout Place,
        includesUnidentified: Bool = false,
        _ take: ([OutgoingMessage]) async throws -> Void
    ) async throws -> Count {
        var count = Count()
        // What comes by the exchanges of commands alone is a job, and no event.
        let commands = [topology.commands.name, topology.outsideCommands?.name]
        guard queue.bindings.contains(where: { !commands.contains($0.exchange) }) else { return count }
        let lanes = try await place.isBegun ? newRows(place) : lanes(start, &place)
        place.keys.formUnion(try await keys(of: queue, in: lanes, start))
        for var lane in lanes {
            while !place.keys.isEmpty {
                let rows = try await pool.query(Self.page(lane, place.keys, queue.name, start))
                let records = rows.compactMap { MissedRecord($0) }
                guard let last = records.last else { break }
                lane.sequence = last.sequence
                let bodies = try await privacy.reveal(records.map { ($0.messageID, $0.body) })
                var messages: [OutgoingMessage] = []
                for (record, body) in zip(records, bodies) {
                    if record.hasPseudonym || body.disclosure == .forgotten {
                        count.personal += 1
                    } else if UUIDv7.isSubstitute(record.messageID), !includesUnidentified {
                        count.withoutID += 1
                    } else {
                        messages.append(record.message(body.body, to: queue.name))
                    }
                }
                if !messages.isEmpty { try await take(messages) }
                count.found += messages.count
                if rows.count < Int(Self.pageSize) { break }
            }
            place.sequences[lane.number] = lane.last
        }
        place.isBegun = true
        return count
    }

    /// The exchanges and routing keys of the rows that the queue's bindings take.
    private func keys(of queue: QueueDefinition, in lanes: [Lane], _ start: Int64) async throws -> [Key] {
        guard !lanes.isEmpty else { return [] }
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT DISTINCT exchange, routing_key
                FROM unnest($1, $2, $3) AS new (number, after, last) JOIN audit_logs
                    ON lane = number::smallint AND sequence > after AND sequence <= last
                WHERE recorded_at >= $4
                """,
                [
                    .intArray(lanes.map(\.number)), .intArray(lanes.map(\.sequence)), .intArray(lanes.map(\.last)),
                    .timestamp(start),
                ]
            )
        )
        return rows.compactMap { row in
            guard let exchange = row.text(0), let key = row.text(1), topology.routes(exchange, key, to: queue) else {
                return nil
            }
            return Key(exchange: exchange, routingKey: key)
        }
    }

    /// The rows from the time on. The heads are read before them, so that nothing is between the two.
    private func lanes(_ start: Int64, _ place: inout Place) async throws -> [Lane] {
        for head in try await heads() { place.sequences[head.number] = head.last }
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT lane, min(sequence), max(sequence) FROM audit_logs WHERE recorded_at >= $1
                GROUP BY lane ORDER BY lane
                """,
                [.timestamp(start)]
            )
        )
        return rows.compactMap { row in
            guard let number = row.int(0), let first = row.int(1), let last = row.int(2) else { return nil }
            return Lane(number: number, sequence: first - 1, last: last)
        }
    }

    /// The rows after the place.
    private func newRows(_ place: Place) async throws -> [Lane] {
        try await heads().compactMap { head in
            let begin = place.sequences[head.number] ?? 0
            return head.last > begin ? Lane(number: head.number, sequence: begin, last: head.last) : nil
        }
    }

    private func heads() async throws -> [Lane] {
        let rows = try await pool.query(SQLStatement("SELECT lane, sequence FROM audit_lanes ORDER BY lane"))
        return rows.compactMap { row in
            guard let number = row.int(0), let last = row.int(1) else { return nil }
            return Lane(number: number, sequence: last, last: last)
        }
    }

    private static func page(_ lane: Lane, _ keys: Set<Key>, _ queue: String, _ start: Int64) -> SQLStatement {
        let keys = Array(keys)
        return SQLStatement(
            """
            SELECT \(MissedRecord.columns) FROM audit_logs AS event
            WHERE lane = $1::bigint::smallint AND sequence > $2 AND sequence <= $3 AND recorded_at >= $8
                AND (exchange, routing_key) IN (SELECT exchange, key FROM unnest($4, $5) AS wanted (exchange, key))
                AND NOT EXISTS (SELECT FROM inbox WHERE consumer = $6 AND inbox.message_id = event.message_id)
                AND NOT EXISTS (
                    SELECT FROM dead_letters WHERE queue = $6 AND dead_letters.message_id = event.message_id
                        AND state <> 'requeued')
            ORDER BY sequence LIMIT $7
            """,
            [
                .int(lane.number), .int(lane.sequence), .int(lane.last), .textArray(keys.map(\.exchange)),
                .textArray(keys.map(\.routingKey)), .text(queue), .int(pageSize), .timestamp(start),
            ]
        )
    }
}

/// A row of the audit log as the message that it was.
struct MissedRecord: Sendable {
    static let columns = """
        sequence, occurred_at, event, message_id, exchange, routing_key, correlation_id, trace_parent, body
        """

    let sequence: Int64
    let occurredAt: Int64
    let event: String
    let messageID: String
    let exchange: String
    let routingKey: String
    let correlationID: String?
    let traceParent: String?
    let body: [UInt8]

    init?(_ row: SQLRow) {
        guard let sequence = row.int(0), let occurredAt = row.timestamp(1), let event = row.text(2),
            let messageID = row.text(3), let exchange = row.text(4), let routingKey = row.text(5),
            let body = row.bytes(8)
        else { return nil }
        (self.sequence, self.occurredAt, self.event, self.messageID) = (sequence, occurredAt, event, messageID)
        (self.exchange, self.routingKey, self.body) = (exchange, routingKey, body)
        correlationID = row.text(6)
        traceParent = row.text(7)
    }

    /// Whether the id named somebody, and is not kept.
    var hasPseudonym: Bool { messageID.utf8.count == 33 && messageID.utf8.first == UInt8(ascii: "~") }

    /// - Parameter body: with its personal values opened.
    func message(_ body: [UInt8], to queue: String) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.contentType = Self.isCloudEvent(body) ? "application/cloudevents+json" : "application/json"
        properties.deliveryMode = 2
        properties.messageID = messageID
        properties.correlationID = correlationID
        if event != routingKey { properties.type = event }
        properties.timestamp = UInt64(max(occurredAt, 0) / 1_000_000)
        var headers: HeaderTable = [
            FleetHeader.originExchange: .string(exchange), FleetHeader.originRoutingKey: .string(routingKey),
            FleetHeader.originQueue: .string(queue),
        ]
        if let traceParent { headers[FleetHeader.traceParent] = .string(traceParent) }
        return OutgoingMessage(
            exchange: "",
            routingKey: queue,
            message: Message(properties: properties, headers: headers, body: body)
        )
    }

    /// Whether the body is an event in its envelope: the content type that says so is not kept.
    private static func isCloudEvent(_ body: [UInt8]) -> Bool {
        var names: Set<String> = []
        try? JSONScanner.forEachMember(of: body) { member in
            if member.key.count <= 11 { names.insert(String(decoding: body[member.key], as: UTF8.self)) }
        }
        return names.isSuperset(of: ["specversion", "type", "id", "source"])
    }
}
