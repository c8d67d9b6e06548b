import FlotillaCommandLineKit
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage

/// `flotilla enqueue`: a job, committed to Postgres.
enum EnqueueCommand {
    private static let type = OptionalArgument<String>("TYPE", "The job's type, a key on the direct exchange")
    private static let file = Option<String>(
        "file",
        "FILE|-",
        "Many jobs: on each line one, as POST /api/v1/jobs takes it"
    )
    private static let payload = Option<BodySource>("payload", "JSON|@FILE|-", "What the worker gets")
        .defaulting(to: .literal("{}"))
    private static let priority = Option<JobPriority>(
        "priority",
        "low|normal|high",
        "Its share of the slots where the type has levels"
    )
    .defaulting(to: .normal)
    private static let at = Option<String>("at", "TIME", "Not before this ISO 8601 time, UTC without an offset")
    private static let expires = Option<String>("expires-at", "TIME", "Unless it has started by then, it never does")
    private static let unique = Flag("unique", "At most one such job at a time, by the whole payload")
    private static let uniqueFields = ListOption<String>(
        "unique-field",
        "PATH",
        "At most one such job at a time, by this field of the payload; may be given several times"
    )
    private static let uniquePeriod = Option<Duration>("unique-for", "TIME", "The unique key is held this long")
    private static let onConflict = Option<JobUniqueness.Conflict>(
        "on-conflict",
        "WHAT",
        "What becomes of a second such job"
    )
    private static let key = Option<String>(
        "key",
        "KEY",
        "Takes turns with jobs of other keys, within its type's limits"
    )
    private static let batch = Option<String>("batch", "ID", "An open batch to add it to")
    private static let after = ListOption<String>("after", "ID", "Starts once this job or batch has succeeded")
    private static let afterAny = ListOption<String>("after-any", "ID", "Starts once this job or batch has ended")
    private static let attempts = Option<Int>("max-attempts", "NUMBER", "In place of the queue's policy")
    private static let idempotencyKey = Option<String>("idempotency-key", "KEY", "Makes repeats give the same job")
    private static let unchecked = Flag("unchecked", "Takes a payload that the worker will refuse")
    private static let correlationID = Option<String>("correlation-id", "ID", "Goes with the job everywhere")

    static let all = Command(
        "enqueue",
        "Enqueues a job and shows it once it is stored",
        takes: [
            type, file, payload, priority, at, expires, attempts, unique, uniqueFields, uniquePeriod, onConflict, key,
            batch,
            after,
            afterAny, idempotencyKey, correlationID, unchecked, OutputFormat.option,
        ],
        examples: [
            #"flotilla enqueue audit.write --payload '{"event":"user.created"}'"#,
            "flotilla enqueue audit.write --payload @job.json --at 2026-12-24T18:00:00Z",
            "flotilla enqueue audit.write --payload @job.json --unique-field event --on-conflict replace",
            "flotilla enqueue --file jobs.ndjson --idempotency-key import-7",
        ]
    ) { invocation in
        let configuration = try invocation.configuration()
        let topology = try configuration.topology()
        if let path = invocation[file] {
            guard invocation[type] == nil else { throw UsageError("the lines of --file say the type, not TYPE") }
            let jobs = EnqueuedFile(
                invocation,
                topology,
                key: invocation[idempotencyKey],
                isUnchecked: invocation[unchecked]
            )
            return try await jobs.enqueue(try (path == "-" ? BodySource.standardInput : .file(path)).read())
        }
        let job = try ReceivedRequest.$current.withValue(configuration.operatorRequest) {
            try EnqueueCommand.job(invocation, types: topology.jobTypes)
        }
        let outcome = try await configuration.withPostgres { pool in
            try await Jobs(pool, routing: topology.jobRouting).enqueue(job)
        }
        if case .conflict(let id) = outcome {
            throw CommandError("this idempotency key belongs to \(id), which is another")
        }
        if case .refused(let refusal) = outcome {
            throw CommandError("the job is not stored: \(refusal)")
        }
        if let job = outcome.job { try JobCommands.show([job], in: invocation) }
        return .done
    }

    private static func job(_ invocation: Invocation, types: Set<String>) throws -> NewJob {
        guard let type = invocation[type] else { throw UsageError("give TYPE, or --file") }
        guard types.contains(type) else {
            throw UsageError(
                "no worker takes jobs of the type \(type); there are \(types.sorted().joined(separator: ", "))"
            )
        }
        let payload = try invocation[payload].read()
        do throws(InvalidPayload) {
            try JSONScanner.check(payload)
        } catch {
            throw UsageError("the payload is \(error)")
        }
        do throws(InvalidPayload) {
            if !invocation[unchecked] { try invocation.program.messages[type]?.check(payload) }
        } catch {
            throw UsageError("a job of the type \(type) does not take this payload: \(error)")
        }
        guard JobAttempts.allowed.contains(invocation[attempts] ?? 1) else {
            throw UsageError("--max-attempts is from 1 to 100")
        }
        let scheduledAt = try time(invocation[at], "--at")
        let caller = "cli:\(OperatorName.current)"
        let content = [type, "\(scheduledAt ?? 0)", "\(invocation[priority].number)", "\(invocation[attempts] ?? 0)"]
        let fingerprint = SHA256.digest(Array(content.joined(separator: " ").utf8) + payload)
        var job = NewJob(
            type: type,
            payload: payload,
            idempotencyKey: invocation[idempotencyKey].map {
                IdempotencyKey(caller: caller, text: $0, fingerprint: fingerprint)
            },
            priority: invocation[priority],
            scheduledAt: scheduledAt,
            maxAttempts: invocation[attempts],
            correlationID: invocation[correlationID],
            createdBy: caller
        )
        job.expiresAt = try time(invocation[expires], "--expires-at")
        job.unique = try uniqueness(invocation)
        job.key = invocation[key]
        job.batch = invocation[batch]?.lowercased()
        job.after = (invocation[after] + invocation[afterAny]).map { $0.lowercased() }
        job.startsAfterAny = !invocation[afterAny].isEmpty
        guard invocation[after].isEmpty || invocation[afterAny].isEmpty else {
            throw UsageError("give --after or --after-any, not both")
        }
        return job
    }

    private static func time(_ text: String?, _ option: String) throws -> Int64? {
        guard let text else { return nil }
        guard let time = WrittenTime(text)?.microseconds else {
            throw UsageError("\(option) is an ISO 8601 time such as 2026-12-24T18:00:00Z, not “\(text)”")
        }
        return time
    }

    private static func uniqueness(_ invocation: Invocation) throws -> JobUniqueness? {
        let fields = invocation[uniqueFields]
        guard invocation[unique] || !fields.isEmpty || invocation[uniquePeriod] != nil else {
            guard invocation[onConflict] == nil else { throw UsageError("--on-conflict goes with --unique") }
            return nil
        }
        return JobUniqueness(
            fields: fields,
            period: invocation[uniquePeriod],
            onConflict: invocation[onConflict] ?? .return
        )
    }
}

extension JobPriority: TextValue {
    package init?(text: String) { self.init(written: text) }
}

extension JobUniqueness.Conflict: TextValue {
    package init?(text: String) { self.init(rawValue: text) }
    package static var expectation: String { "one of \(allCases.map(\.rawValue).joined(separator: ", "))" }
    package var text: String { rawValue }
}
