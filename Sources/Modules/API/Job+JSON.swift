package import FlotillaHTTPRouting
package import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage

extension Job {
    /// Record and live state as one: the record decides about the end, and before it the live state is newer.
    ///
    /// A live state that says otherwise is left out.
    package func merged(with live: JobSnapshot?) -> (state: JobState, attempts: Int, live: JobSnapshot?) {
        let live = live.flatMap { isCurrent($0) ? $0 : nil }
        return (live?.state ?? state, max(live?.attempt ?? 0, attempts), live)
    }

    /// The job as the API and the command line show it, as JSON.
    ///
    /// - Parameters:
    ///   - mask: what it may show of people.
    ///   - isOwn: whether it is for who has enqueued it, who sees its result and its errors.
    ///   - first: what stands before the rest.
    package func json(
        live: JobSnapshot?,
        withPayload: Bool,
        mask: PersonalMask,
        isOwn: Bool = false,
        after first: JSONObject = JSONObject()
    ) -> String {
        let outcome = isOwn ? PersonalMask.off : mask
        let shown = merged(with: live)
        let live = shown.live
        var object = first
        object.add("id", id)
        object.add("type", type)
        object.add("state", shown.state.rawValue)
        object.add("priority", priority.rawValue)
        object.add("attempts", shown.attempts)
        object.add("maxAttempts", maxAttempts)
        if let percent = live?.progress {
            var progress = JSONObject()
            progress.add("percent", percent)
            progress.add("message", outcome.text(live?.progressMessage))
            object.add("progress", json: progress.closed)
        }
        object.add("worker", live?.worker)
        object.add("lastError", outcome.text(live?.lastError))
        if let errorType {
            var error = JSONObject()
            error.add("type", errorType)
            error.add("message", outcome.text(errorMessage))
            object.add("error", json: error.closed)
        }
        if withPayload { object.add("payload", json: mask.json(String(decoding: payload, as: UTF8.self))) }
        object.add("result", json: outcome.json(result))
        object.add("correlationId", correlationID)
        object.add("createdBy", createdBy)
        object.add("batch", batch)
        object.add("key", key)
        object.add("cron", cronName)
        object.add("nominalAt", nominalAt.map { WallClock.iso8601($0) })
        object.add("reason", reason)
        object.add("scheduledAt", scheduledAt.map { WallClock.iso8601($0) })
        object.add("expiresAt", expiresAt.map { WallClock.iso8601($0) })
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
