import Models
import Platform
package import Storage

extension Job {
    /// The job as the API and the command line show it.
    ///
    /// The record decides about the end; before it, the live state is newer and knows more.
    package func json(live: JobSnapshot?, withPayload: Bool) -> String {
        let live = live.flatMap { isCurrent($0) ? $0 : nil }
        var object = JSONObject()
        object.add("id", id)
        object.add("type", type)
        object.add("state", (live?.state ?? state).rawValue)
        object.add("priority", priority)
        object.add("attempts", max(live?.attempt ?? 0, attempts))
        object.add("maxAttempts", maxAttempts)
        if let percent = live?.progress {
            var progress = JSONObject()
            progress.add("percent", percent)
            progress.add("message", live?.progressMessage)
            object.add("progress", json: progress.closed)
        }
        object.add("worker", live?.worker)
        object.add("lastError", live?.lastError)
        if let errorType {
            var error = JSONObject()
            error.add("type", errorType)
            error.add("message", errorMessage)
            object.add("error", json: error.closed)
        }
        if withPayload { object.add("payload", json: String(decoding: payload, as: UTF8.self)) }
        object.add("result", json: result)
        object.add("correlationId", correlationID)
        object.add("createdBy", createdBy)
        object.add("scheduledAt", scheduledAt.map { WallClock.iso8601($0) })
        object.add("enqueuedAt", WallClock.iso8601(enqueuedAt))
        object.add("startedAt", (startedAt ?? live?.startedAt).map { WallClock.iso8601($0) })
        object.add("finishedAt", finishedAt.map { WallClock.iso8601($0) })
        return object.closed
    }

    /// A live state that says "over" of a job whose record does not is left from before the job was requeued.
    private func isCurrent(_ live: JobSnapshot) -> Bool {
        if state.isFinal { return live.state == state }
        return !live.state.isFinal && live.attempt >= attempts
    }
}
