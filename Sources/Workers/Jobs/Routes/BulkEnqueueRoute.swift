import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry

/// `POST /api/v1/jobs/batch`: many jobs, one on each line, answered line by line.
struct BulkEnqueueRoute: Sendable {
    static let lineCount = 10_000
    /// Jobs that are stored in one transaction.
    static let step = 500

    private static let idempotencyKey = IdempotencyHeader.field(
        "A key of each line comes of it and of the line's number: repeats store what is missing, and no job twice."
    )
    private static let traceParent = Field.optional("traceparent", .string(length: 1...255), "W3C Trace Context.")

    private let lines: LineBody
    private let intake: JobIntake
    private let checks: JobChecks
    private let admission: AdmissionControl
    private let rules: IntakeRules
    private let messages: MessageCatalog
    private let log: Log

    /// - Parameter limit: how long a body may be, in bytes.
    init(_ context: APIContext, limit: Int) {
        lines = LineBody(JobRequest.fields, limit: limit, lineCount: Self.lineCount)
        intake = JobIntake(Jobs(context.postgres, routing: context.topology.jobRouting))
        checks = JobChecks(context)
        admission = context.admission
        rules = context.rules
        messages = context.messages
        log = context.log
    }

    var route: Route {
        Route(
            "POST",
            "/api/v1/jobs/batch",
            access: .scope(.enqueue),
            summary:
                "Enqueue many jobs: on each line one, as `POST /api/v1/jobs` takes it. One line of answer for each.",
            about: """
                The answer is \(LineBody.mediaType), in the order of the lines: `{"line":1,"status":202,"data":{…}}` with the \
                job, or `{"line":2,"status":422,"error":{"code":…,"message":…,"details":[…]}}`. A line that is refused \
                leaves the others as they are. What is stored is stored for good, 500 jobs in a transaction: it is not all or \
                nothing. Blank lines are passed over. Every 100 lines count as a request.
                """,
            lines: lines,
            examples: messages.examples(.job, rules: rules) { type, example in
                #"{"type":\#(type.json),"payload":\#(example)}"#
            },
            headers: [Self.idempotencyKey, Self.traceParent],
            holdsSecrets: true,
            answers: [
                .of(200, "A line for each line; its status says what became of it.", in: LineBody.mediaType),
                .of(409, "The first request with the idempotency key is not answered yet."),
            ],
            handler: enqueue
        )
    }

    private func enqueue(_ call: Call) async throws -> HTTPResponse {
        let lines = try lines.lines(of: call.request)
        try admission.check()
        var answers: [BulkAnswer?] = Array(repeating: nil, count: lines.count)
        var jobs: [(place: Int, job: NewJob)] = []
        for (place, line) in lines.enumerated() {
            do {
                jobs.append((place, try job(line, of: call)))
            } catch let error as APIError {
                answers[place] = .refused(error)
            }
        }
        try await store(jobs, of: call) { place, answer in answers[place] = answer }
        var text = ""
        for (line, answer) in zip(lines, answers) { text += (answer ?? .refused(.internalError)).json(of: line) + "\n" }
        var response = HTTPResponse(text: text, type: LineBody.mediaType)
        let stored = answers.compactMap { $0?.isRepeat }
        if !stored.isEmpty, stored.allSatisfy(\.self) { response.headers.add(IdempotencyHeader.replayed, "true") }
        return response
    }

    /// Stores the jobs, and answers for each.
    ///
    /// - Throws: what keeps the first of them from being stored. What comes later is an answer to the lines that it concerns.
    private func store(
        _ jobs: [(place: Int, job: NewJob)],
        of call: Call,
        _ answer: (Int, BulkAnswer) -> Void
    ) async throws {
        for start in stride(from: 0, to: jobs.count, by: Self.step) {
            let part = jobs[start..<min(start + Self.step, jobs.count)]
            do {
                try Task.checkCancellation()
                let outcomes = try await intake.enqueue(together: part.map(\.job))
                for (entry, outcome) in zip(part, outcomes) { answer(entry.place, result(outcome, of: call)) }
            } catch {
                guard start > 0 else { throw error }
                log.warning("\(error)", correlationID: call.correlationID, ["stored": .integer(start)])
                for entry in jobs[start...] { answer(entry.place, .refused(.failed(error))) }
                return
            }
        }
    }

    private func result(_ outcome: Result<EnqueueOutcome, any Error>, of call: Call) -> BulkAnswer {
        do {
            let outcome = try outcome.get()
            guard let json = try outcome.json(of: call) else { return .refused(.idempotencyKeyReused()) }
            if case .existing = outcome { return .accepted(json, isRepeat: true) }
            return .accepted(json, isRepeat: false)
        } catch let error as APIError {
            return .refused(error)
        } catch {
            log.error("\(error)", correlationID: call.correlationID)
            return .refused(.internalError)
        }
    }

    private func job(_ line: LineBody.Line, of call: Call) throws -> NewJob {
        let job = try JobRequest.job(
            lines.read(line),
            idempotencyKey: key(of: line, call),
            correlationID: call.correlationID,
            traceParent: call.headers[Self.traceParent],
            by: call.principal
        )
        try checks.check(job, from: call.principal)
        return job
    }

    /// The line's own key: the request's with the number of the line, for what the line says.
    private func key(of line: LineBody.Line, _ call: Call) -> IdempotencyKey? {
        guard let key = call.headers[Self.idempotencyKey] else { return nil }
        var hasher = SHA256Hasher()
        for part in [call.request.method, call.request.path] { hasher.update("\(part.utf8.count):\(part)") }
        hasher.update(Array(line.text))
        return IdempotencyKey(caller: call.caller, text: "\(key)#\(line.number)", fingerprint: hasher.finish())
    }
}

extension APIError {
    /// What the lines are told whose jobs could not be stored any more.
    fileprivate static func failed(_ error: any Error) -> Self {
        guard let error = error as? PostgresError else {
            return error is CancellationError ? .timedOut : .internalError
        }
        if error.isCommitUnknown { return .commitUnknown }
        return error.wait == .lock ? .requestInProgress : .unavailable("The database")
    }
}
