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

    private var state: JobState {
        if let scheduledAt = new.scheduledAt, scheduledAt > now { .scheduled } else { .queued }
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

    func message(_ routing: JobRouting) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.contentType = "application/json"
        properties.deliveryMode = 2
        properties.messageID = id
        properties.type = new.type
        properties.correlationID = new.correlationID
        properties.timestamp = UInt64(max(now, 0) / 1_000_000)
        // For quorum queues from RabbitMQ 4 on, which have two levels of their own, and for classic ones with priorities.
        if new.priority == .high { properties.priority = 9 }
        var headers: HeaderTable = [FleetHeader.jobID: .string(id)]
        if let maxAttempts = new.maxAttempts { headers[FleetHeader.retryMax] = .int64(Int64(maxAttempts)) }
        if let traceParent = new.traceParent { headers[FleetHeader.traceParent] = .string(traceParent) }
        let outgoing = OutgoingMessage(
            exchange: routing.exchange,
            routingKey: routing.key(of: new.type, new.priority),
            message: Message(properties: properties, headers: headers, body: new.payload)
        )
        return new.request?.stamped(outgoing) ?? outgoing
    }

    /// For the message of a job that has its row already.
    init(_ job: Job) {
        let new = NewJob(
            type: job.type,
            payload: job.payload,
            priority: job.priority,
            maxAttempts: job.maxAttempts,
            correlationID: job.correlationID
        )
        self.init(new, id: job.id, now: job.enqueuedAt)
    }

    /// Inserts the jobs. `request_hash` says that one has an idempotency key, which is in a table of its own.
    static func insert(_ entries: [JobEntry]) -> SQLStatement {
        func texts(_ path: KeyPath<NewJob, String?>) -> SQLValue {
            .textArray(entries.map { $0.new[keyPath: path]?.storable })
        }
        return SQLStatement(
            """
            INSERT INTO jobs (id, type, state, payload, request_hash, max_attempts, priority, scheduled_at, enqueued_at,
                correlation_id, created_by)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            [
                .textArray(entries.map(\.id)), .textArray(entries.map(\.new.type.storable)),
                .textArray(entries.map(\.state.rawValue)), .bytesArray(entries.map(\.new.payload)),
                .bytesArray(entries.map(\.new.idempotencyKey?.fingerprint)),
                .intArray(entries.map { $0.new.maxAttempts.map { Int64($0) } }),
                .intArray(entries.map { Int64($0.new.priority.number) }),
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
