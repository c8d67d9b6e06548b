import FlotillaModels
import FlotillaPlatform

/// A job on its way into the table: its id, its row and its message.
struct JobEntry: Sendable {
    let new: NewJob
    let id: String
    /// Microseconds since 1970.
    let now: Int64
    /// By which the job is found, see ``JobFieldKey``.
    let fieldKeys: [String]

    /// - Parameter fields: of the payload, by which the job is found.
    init(_ new: NewJob, id: String, now: Int64, fields: [String]? = nil) {
        self.new = new
        self.id = id
        self.now = now
        fieldKeys = fields.map { JobFieldKey.all(of: new, $0) } ?? []
    }

    /// Whether its message is made later: when its predecessors have ended, or when its key has its turn.
    var isHeld: Bool { new.isHeld }

    private var isScheduled: Bool { new.scheduledAt.map { $0 > now } ?? false }

    private var state: JobState {
        if !new.after.isEmpty { return .waiting }
        if isScheduled { return .scheduled }
        return new.key == nil ? .queued : .waiting
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
            createdBy: new.createdBy,
            expiresAt: new.expiresAt,
            batch: new.batch,
            key: new.key,
            reason: nil,
            cronName: new.cronName,
            nominalAt: new.nominalAt,
            isBlocked: !new.after.isEmpty
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
        if let cronName = new.cronName { headers[FleetHeader.cronName] = .string(cronName) }
        if let nominalAt = new.nominalAt { headers[FleetHeader.nominalTime] = .string(WallClock.iso8601(nominalAt)) }
        let outgoing = OutgoingMessage(
            exchange: routing.exchange,
            routingKey: routing.key(of: new.type, new.priority),
            message: Message(properties: properties, headers: headers, body: new.payload)
        )
        return new.request?.stamped(outgoing) ?? outgoing
    }

    /// For the message of a job that has its row already.
    init(_ job: Job) {
        var new = NewJob(
            type: job.type,
            payload: job.payload,
            priority: job.priority,
            maxAttempts: job.maxAttempts,
            correlationID: job.correlationID
        )
        (new.cronName, new.nominalAt) = (job.cronName, job.nominalAt)
        self.init(new, id: job.id, now: job.enqueuedAt)
    }

    /// Inserts the jobs. Where one has rules, it gives the ids of those inserted: one whose unique key is held, or whose
    /// cron run is there, is left out. `request_hash` says that one has an idempotency key, which is in a table of its own.
    static func insert(_ entries: [JobEntry]) -> SQLStatement {
        func texts(_ path: KeyPath<NewJob, String?>) -> SQLValue {
            .textArray(entries.map { $0.new[keyPath: path]?.storable })
        }
        func times(_ value: (JobEntry) -> Int64?) -> SQLValue { .timestampArray(entries.map(value)) }
        func flags(_ value: (JobEntry) -> Bool) -> SQLValue { .intArray(entries.map { value($0) ? 1 : 0 }) }
        let attempts: [Int64?] = entries.map { $0.new.maxAttempts.map { Int64($0) } }
        let priorities: [Int64?] = entries.map { Int64($0.new.priority.number) }
        var values: [SQLValue] = [.textArray(entries.map(\.id)), .textArray(entries.map(\.new.type.storable))]
        values += [.textArray(entries.map(\.state.rawValue)), .bytesArray(entries.map(\.new.payload))]
        values += [.bytesArray(entries.map(\.new.idempotencyKey?.fingerprint))]
        values += [.intArray(attempts), .intArray(priorities)]
        values += [times(\.new.scheduledAt), times(\.now), texts(\.correlationID), texts(\.createdBy)]
        guard entries.contains(where: \.hasRules) else {
            return SQLStatement(
                """
                INSERT INTO jobs (id, type, state, payload, request_hash, max_attempts, priority, scheduled_at, enqueued_at,
                    correlation_id, created_by)
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                """,
                values
            )
        }
        let states = entries.map { $0.new.unique?.heldIn.map(\.rawValue).sorted().joined(separator: ",") }
        values += [times(\.new.expiresAt), .bytesArray(entries.map(\.uniqueKey)), .textArray(states)]
        values += [times { entry in entry.new.unique?.period.map { entry.now + Int64($0 / .microseconds(1)) } }]
        values += [texts(\.batch), texts(\.key), texts(\.cronName), times(\.new.nominalAt)]
        values += [flags { !$0.new.after.isEmpty }, flags(\.new.startsAfterAny)]
        values += [.textArray(entries.map { $0.fieldKeys.isEmpty ? nil : $0.fieldKeys.joined(separator: ",") })]
        return SQLStatement(
            // In one order, so that two transactions with the same unique keys wait for each other in one direction only.
            """
            INSERT INTO jobs (id, type, state, payload, request_hash, max_attempts, priority, scheduled_at, enqueued_at,
                correlation_id, created_by, expires_at, unique_key, unique_states, unique_until, batch_id, job_key,
                cron_name, nominal_at, is_blocked, starts_after_any, field_keys)
            SELECT id, type, state, payload, request_hash, max_attempts, priority, scheduled_at, enqueued_at,
                correlation_id, created_by, expires_at, unique_key, string_to_array(unique_states, ','), unique_until,
                batch_id, job_key, cron_name, nominal_at, is_blocked = 1, starts_after_any = 1,
                string_to_array(field_keys, ',')
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22)
                WITH ORDINALITY AS new (id, type, state, payload, request_hash, max_attempts, priority, scheduled_at,
                    enqueued_at, correlation_id, created_by, expires_at, unique_key, unique_states, unique_until, batch_id,
                    job_key, cron_name, nominal_at, is_blocked, starts_after_any, field_keys, place)
            ORDER BY unique_key, cron_name, nominal_at, place
            ON CONFLICT DO NOTHING
            RETURNING id
            """,
            values
        )
    }

    /// Whether it has anything that is written in columns of its own.
    var hasRules: Bool { new.hasRules || !fieldKeys.isEmpty }

    /// 128 bits of what is compared.
    var uniqueKey: [UInt8]? {
        guard let unique = new.unique, let identity = try? unique.identity(of: new.type, new.payload, by: new.createdBy)
        else {
            return nil
        }
        return Array(SHA256.digest(identity).prefix(16))
    }
}

extension String {
    /// The text without U+0000, which text in Postgres can't hold.
    var storable: String {
        utf8.contains(0) ? String(String.UnicodeScalarView(unicodeScalars.lazy.filter { $0.value != 0 })) : self
    }
}
