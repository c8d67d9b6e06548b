import FlotillaModels
import FlotillaPlatform

/// A job on its way into the table: its id, its row and its message.
struct JobEntry: Sendable {
    let new: NewJob
    let id: String
    /// Microseconds since 1970.
    let now: Int64

    init(_ new: NewJob, id: String, now: Int64) {
        self.new = new
        self.id = id
        self.now = now
    }

    /// The idempotency key as the table holds it.
    var key: ExactText? { new.idempotencyKey.map { ExactText($0.storable) } }

    private var state: JobState {
        if let scheduledAt = new.scheduledAt, scheduledAt > now { .scheduled } else { .queued }
    }

    /// What has to be the same for the same idempotency key to mean the same job.
    var requestHash: [UInt8] {
        var hasher = SHA256Hasher()
        for part in [new.type, "\(new.scheduledAt ?? 0)", "\(new.priority)", "\(new.maxAttempts ?? 0)"] {
            hasher.update("\(part.utf8.count):\(part)")
        }
        hasher.update(new.payload)
        return hasher.finish()
    }

    var job: Job {
        Job(
            id: id,
            type: new.type,
            state: state,
            payload: new.payload,
            attempts: 0,
            maxAttempts: new.maxAttempts,
            priority: new.priority,
            scheduledAt: new.scheduledAt,
            enqueuedAt: now,
            startedAt: nil,
            finishedAt: nil,
            result: nil,
            errorType: nil,
            errorMessage: nil,
            correlationID: new.correlationID,
            createdBy: new.createdBy
        )
    }

    func message(exchange: String) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.contentType = "application/json"
        properties.deliveryMode = 2
        properties.messageID = id
        properties.type = new.type
        properties.correlationID = new.correlationID
        properties.timestamp = UInt64(max(now, 0) / 1_000_000)
        if new.priority > 0 { properties.priority = UInt8(clamping: new.priority) }
        var headers: HeaderTable = [FleetHeader.jobID: .string(id)]
        if let maxAttempts = new.maxAttempts { headers[FleetHeader.retryMax] = .int64(Int64(maxAttempts)) }
        if let traceParent = new.traceParent { headers[FleetHeader.traceParent] = .string(traceParent) }
        return OutgoingMessage(
            exchange: exchange,
            routingKey: new.type,
            message: Message(properties: properties, headers: headers, body: new.payload)
        )
    }

    /// Inserts the jobs whose idempotency keys are new, and gives their ids. A concurrent one is waited for.
    static func insert(_ entries: [JobEntry]) -> SQLStatement {
        func texts(_ path: KeyPath<NewJob, String?>) -> SQLValue {
            .textArray(entries.map { $0.new[keyPath: path]?.storable })
        }
        return SQLStatement(
            """
            INSERT INTO jobs (id, type, state, payload, idempotency_key, request_hash, max_attempts, priority,
                scheduled_at, enqueued_at, correlation_id, created_by)
            SELECT id, type, state, payload, idempotency_key, request_hash, max_attempts, priority,
                scheduled_at, enqueued_at, correlation_id, created_by
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS new (id, type, state, payload,
                idempotency_key, request_hash, max_attempts, priority, scheduled_at, enqueued_at, correlation_id,
                created_by)
            ORDER BY idempotency_key, id
            ON CONFLICT (idempotency_key) DO NOTHING RETURNING id
            """,
            [
                .textArray(entries.map(\.id)), .textArray(entries.map(\.new.type.storable)),
                .textArray(entries.map(\.state.rawValue)), .bytesArray(entries.map(\.new.payload)),
                texts(\.idempotencyKey),
                .bytesArray(entries.map { $0.new.idempotencyKey == nil ? nil : $0.requestHash }),
                .intArray(entries.map { $0.new.maxAttempts.map { Int64($0) } }),
                .intArray(entries.map { Int64($0.new.priority) }),
                .timestampArray(entries.map(\.new.scheduledAt)), .timestampArray(entries.map(\.now)),
                texts(\.correlationID), texts(\.createdBy),
            ]
        )
    }
}

extension String {
    /// The text without U+0000, which text in Postgres can't hold.
    var storable: String {
        utf8.contains(0) ? String(String.UnicodeScalarView(unicodeScalars.lazy.filter { $0.value != 0 })) : self
    }
}
