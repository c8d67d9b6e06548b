import FlotillaHTTPRouting
import FlotillaLocalization
import FlotillaModels

/// The body of a request that declares a cron entry.
enum CronEntryBody {
    private static let type = Field.required("type", .routingKey, "The jobs' type, a key bound on the direct exchange.")
    private static let schedule = Field.required(
        "schedule",
        .string(length: 1...255),
        "Five fields as cron has them, @hourly and its like, or @every 15m."
    )
    private static let zone = Field.optional("zone", .string(length: 1...64), "An IANA name; UTC unless given.")
    private static let payload = Field.optional("payload", .json, "What the worker gets; {} unless given.")
    private static let overlap = Field.optional(
        "overlap",
        .choice(CronOverlap.allCases.map(\.rawValue)),
        "What becomes of a run while an earlier one is unfinished; skip unless given."
    )
    private static let catchUp = duration("catchUp", "How late a missed run may be; 1h unless given.")
    private static let jitter = duration("jitter", "Each run starts up to so much later; 0s unless given.")
    private static let pauses = Field.optional("pauseOnFailure", .boolean, "Whether a run that dies pauses the entry.")
    private static let priority = Field.optional("priority", .priority(), "normal unless given.")
    private static let maxAttempts = Field.optional(
        "maxAttempts",
        .integer(JobAttempts.allowed),
        "In place of the queue's policy."
    )
    private static let expiresAfter = duration("expiresAfter", "A run that has not started by then never does.")

    static let fields: Fields = [
        type, schedule, zone, payload, overlap, catchUp, jitter, pauses, priority, maxAttempts, expiresAfter,
    ]

    static func type(of call: Call) -> String { call.body.required(type) }

    /// The entry that a request declares.
    ///
    /// - Throws: 422 with every mistake.
    static func entry(_ name: String, of call: Call) throws(APIError) -> CronEntry {
        var problems: [APIError.Detail] = []
        if let problem = CronEntry.problem(withName: name) { problems.append(.init(field: "name", message: problem)) }
        let zone = call.body[zone].map { NamedTimeZone.named($0) } ?? .utc
        if zone == nil {
            problems.append(.init(field: "zone", message: CronEntry.problem(withZone: call.body[Self.zone] ?? "")))
        }
        var schedule: CronSchedule?
        do throws(CronScheduleError) { schedule = try CronSchedule(call.body.required(Self.schedule)) } catch {
            problems.append(.init(field: "schedule", message: error.description))
        }
        func read(_ field: Field<String>, _ range: ClosedRange<Duration>) -> Duration? {
            guard let duration = call.body[field].flatMap({ Duration(text: $0) }) else { return nil }
            if range.contains(duration) { return duration }
            let bounds = "\(range.lowerBound.text) to \(range.upperBound.text)"
            problems.append(.init(field: field.name, message: "is out of range, \(bounds)"))
            return nil
        }
        let catchUp = read(catchUp, CronEntry.catchUps)
        let jitter = read(jitter, CronEntry.jitters)
        let expiresAfter = read(expiresAfter, CronEntry.expiries)
        let payload = call.body[payload]
        if let payload, payload.count > CronEntry.longestPayload {
            problems.append(.init(field: "payload", message: "has more than \(CronEntry.longestPayload) bytes"))
        }
        guard problems.isEmpty, let schedule, let zone else { throw .invalid(problems) }
        var entry = CronEntry(name: name, type: type(of: call), schedule: schedule, zone: zone)
        entry.payload = payload ?? entry.payload
        entry.overlap = call.body[overlap].flatMap { CronOverlap(rawValue: $0) } ?? entry.overlap
        entry.catchUp = catchUp ?? entry.catchUp
        entry.jitter = jitter ?? entry.jitter
        entry.pauseOnFailure = call.body[pauses] ?? false
        entry.priority = call.body[priority] ?? entry.priority
        entry.maxAttempts = call.body[maxAttempts]
        entry.expiresAfter = expiresAfter
        return entry
    }

    private static func duration(_ name: String, _ summary: String) -> Field<String> {
        .optional(name, .string(length: 2...16, pattern: "^[0-9]+(ms|s|m|h|d)$") { Duration(text: $0) != nil }, summary)
    }
}
