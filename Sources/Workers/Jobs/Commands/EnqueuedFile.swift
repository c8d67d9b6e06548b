import FlotillaCommandLineKit
import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage

/// `flotilla enqueue --file`: a job for each line, 500 in a transaction. With an idempotency key a repeat stores what is missing.
struct EnqueuedFile {
    private static let body = LineBody(JobRequest.fields, limit: .max, lineCount: .max)

    private let invocation: Invocation
    private let topology: Topology
    private let key: String?
    private let isUnchecked: Bool
    private let caller = "cli:\(OperatorName.current)"

    /// - Parameters:
    ///   - key: each line's own is made of it and the number of the line.
    ///   - isUnchecked: whether payloads are taken that workers will refuse.
    init(_ invocation: Invocation, _ topology: Topology, key: String?, isUnchecked: Bool) {
        self.invocation = invocation
        self.topology = topology
        self.key = key
        self.isUnchecked = isUnchecked
    }

    func enqueue(_ bytes: [UInt8]) async throws -> ExitStatus {
        let configuration = try invocation.configuration()
        let lines = try Self.body.lines(in: bytes)
        let counts = try await configuration.withPostgres { pool in
            try await ReceivedRequest.$current.withValue(configuration.operatorRequest) {
                try await store(lines, JobIntake(Jobs(pool, routing: topology.jobRouting)))
            }
        }
        if invocation[OutputFormat.option] == .json {
            invocation.console.print(json: counts.json)
        } else {
            invocation.console.print(counts.text)
        }
        guard counts.refused == 0 else {
            throw CommandError(
                "\(counts.refused) of \(lines.count) lines were refused",
                remedy: key == nil ? nil : "correct them, and run this again with the same --idempotency-key"
            )
        }
        return .done
    }

    private func store(_ lines: [LineBody.Line], _ intake: JobIntake) async throws -> Counts {
        var counts = Counts()
        for start in stride(from: 0, to: lines.count, by: BulkEnqueueRoute.step) {
            var jobs: [(line: LineBody.Line, job: NewJob)] = []
            let end = min(start + BulkEnqueueRoute.step, lines.count)
            for line in lines[start..<end] {
                do {
                    jobs.append((line, try job(line)))
                } catch let error as APIError {
                    counts.refused += 1
                    note(line, error)
                }
            }
            let outcomes = try await intake.enqueue(together: jobs.map(\.job))
            for (entry, outcome) in zip(jobs, outcomes) {
                do {
                    try counts.add(outcome.get())
                } catch let error as APIError {
                    counts.refused += 1
                    note(entry.line, error)
                }
            }
            if end < lines.count { invocation.console.note("\(end) of \(lines.count) lines") }
        }
        return counts
    }

    private func note(_ line: LineBody.Line, _ error: APIError) {
        let details = error.details.map { "\($0.field) \($0.message)" }
        invocation.console.note("line \(line.number): " + ([error.message] + details).joined(separator: " "))
    }

    private func job(_ line: LineBody.Line) throws -> NewJob {
        var job = try JobRequest.job(
            Self.body.read(line),
            idempotencyKey: key.map {
                IdempotencyKey(
                    caller: caller,
                    text: "\($0)#\(line.number)",
                    fingerprint: SHA256.digest(Array(line.text))
                )
            },
            correlationID: CorrelationID.make(),
            traceParent: nil,
            by: nil
        )
        job.createdBy = caller
        guard topology.jobTypes.contains(job.type) else {
            let known = topology.jobTypes.sorted().joined(separator: ", ")
            throw APIError.invalid([.init(field: "type", message: "is not known; there are \(known)")])
        }
        if !isUnchecked { try invocation.program.messages.check(job.payload, of: job.type, at: "payload") }
        return job
    }

    private struct Counts {
        var stored = 0
        var known = 0
        var refused = 0

        mutating func add(_ outcome: EnqueueOutcome) throws {
            switch outcome {
            case .created, .replaced: stored += 1
            case .existing, .duplicate: known += 1
            case .refused(let refusal): throw refusal.error
            case .conflict: throw APIError.idempotencyKeyReused("line")
            }
        }

        var text: String { "\(stored) jobs stored, \(known) were there, \(refused) lines refused" }

        var json: String {
            var object = JSONObject()
            object.add("stored", stored)
            object.add("existing", known)
            object.add("refused", refused)
            return object.closed
        }
    }
}
