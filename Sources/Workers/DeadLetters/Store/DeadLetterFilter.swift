import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry

/// Which dead letters are meant. Everything that is set has to hold.
package struct DeadLetterFilter: Sendable, Hashable {
    package var ids: [Int64]?
    package var queue: String?
    /// A fingerprint of failures.
    package var group: String?
    package var errorType: String?
    /// The job that died: its newest letter has the job's own id as the message's.
    package var job: String?
    /// Dead since then; microseconds since 1970.
    package var since: Int64?
    /// Part of the error's message, of an id, of the routing key, or of the body's bytes.
    package var text: String?
    /// `nil` takes every state.
    package var state: DeadLetter.State?
    /// Leaves out those of jobs whose unique key another job holds by now.
    package var isWithoutUniqueConflicts = false
    /// Only ids up to this one: what dies during an operation is not part of it.
    package var upTo: Int64?

    package init(
        ids: [Int64]? = nil,
        queue: String? = nil,
        group: String? = nil,
        errorType: String? = nil,
        since: Int64? = nil,
        text: String? = nil,
        state: DeadLetter.State? = .dead
    ) {
        self.ids = ids
        self.queue = queue
        self.group = group
        self.errorType = errorType
        self.since = since
        self.text = text
        self.state = state
    }

    /// SQL for a WHERE, and the values that it refers to.
    ///
    /// - Parameter values: what the statement refers to already.
    func condition(_ values: inout [SQLValue]) -> String {
        var terms: [String] = []
        func add(_ value: SQLValue, _ term: (String) -> String) {
            values.append(value)
            terms.append(term("$\(values.count)"))
        }
        if let ids { add(.intArray(ids)) { "id = ANY (\($0))" } }
        if let queue { add(.text(queue.withoutNulls)) { "queue = \($0)" } }
        if let group { add(.text(group.withoutNulls)) { "error_fingerprint = \($0)" } }
        if let errorType { add(.text(errorType.withoutNulls)) { "error_type = \($0)" } }
        if let job { add(.text(job.withoutNulls)) { "message_id = \($0) AND job_id = \($0)" } }
        if let since { add(.timestamp(since)) { "dead_at >= \($0)" } }
        if let state { add(.text(state.rawValue)) { "state = \($0)" } }
        if isWithoutUniqueConflicts { terms.append("NOT \(Jobs.hasUniqueConflict(job: "dead_letters.job_id"))") }
        if let upTo { add(.int(upTo)) { "id <= \($0)" } }
        if let text {
            let columns = ["error_message", "message_id", "correlation_id", "job_id", "routing_key"]
            add(.text(text.withoutNulls)) { value in
                let found = columns.map { "position(lower(\(value)::text) IN lower(coalesce(\($0), ''))) > 0" }
                return
                    "(\((found + ["position(convert_to(\(value)::text, 'UTF8') IN body) > 0"]).joined(separator: " OR ")))"
            }
        }
        return terms.isEmpty ? "true" : terms.joined(separator: " AND ")
    }
}

extension DeadLetterFilter {
    /// What is set, as an object for `operator_actions`.
    package var json: String {
        var members: [String] = []
        func add(_ name: String, _ text: String?) {
            guard let text else { return }
            var member = "\"\(name)\":"
            member.appendJSON(text.withoutNulls)
            members.append(member)
        }
        if let ids { members.append("\"ids\":[\(ids.map(String.init).joined(separator: ","))]") }
        add("queue", queue)
        add("group", group)
        add("job", job)
        add("errorType", errorType)
        add("since", since.map { WallClock.iso8601($0) })
        add("filter", text)
        return "{\(members.joined(separator: ","))}"
    }
}
