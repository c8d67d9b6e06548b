import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaStorage

/// What the streams of events have in common, and what each of the two kinds sends.
struct JobEventStream: Sendable {
    /// A comment is sent so often.
    let heartbeat: Duration
    /// A stream ends then: its client goes on with a new request, whose key is looked at again.
    let longest: Duration
    let watcher: JobWatcher

    /// One job, from what it is now to its end.
    ///
    /// - Parameters:
    ///   - last: the event that the client has already.
    ///   - json: the job as the client may see it.
    func follow(
        _ first: JobChange,
        after last: String?,
        json: @escaping @Sendable (JobChange) -> String
    ) -> HTTPResponse {
        response { write in
            try await write(ServerSentEvent.opening)
            let changes = watcher.changes(of: first.job.id)
            var (last, next) = (last, Optional(first))
            var iterator = changes.makeAsyncIterator()
            while let change = next {
                let event = ServerSentEvent.digested(json(change))
                // What the watcher finds first, the client mostly knows.
                if event.id != last { try await write(event.bytes) }
                last = event.id
                if change.state.isFinal { return }
                next = await iterator.next() ?? nil
            }
        }
    }

    /// All jobs that a filter lets through.
    ///
    /// - Parameters:
    ///   - last: what the client knows up to; `nil` for what comes from now on.
    func followAll(
        _ filter: JobEventFilter,
        after last: Int64?,
        _ pool: PostgresPool,
        _ missed: MissedChanges,
        json: @escaping @Sendable (JobChange) -> String
    ) -> HTTPResponse {
        response { write in
            let passes = watcher.passes()
            let now = try await pool.query(Jobs.time).first?.timestamp(0) ?? 0
            try await write(ServerSentEvent.opening)
            try await write(ServerSentEvent.mark(last ?? now))
            var ended: Set<String> = []
            if let last {
                let isAll = try await missed.forEach(since: last) { changes in
                    for change in changes where filter.matches(change.job) {
                        if change.state.isFinal { ended.insert(change.job.id) }
                        try await write(ServerSentEvent(data: json(change)).bytes)
                    }
                }
                if !isAll { try await write(ServerSentEvent.more) }
                try await write(ServerSentEvent.mark(now))
            }
            var marked = now
            for await pass in passes {
                let changes = pass.changes.filter { change in
                    // The watcher may have seen it before this stream saw its end.
                    filter.matches(change.job) && (change.state.isFinal || !ended.contains(change.job.id))
                }
                for (index, change) in changes.enumerated() {
                    // Only the last one says that all of them are there.
                    let time = index == changes.count - 1 ? pass.time : pass.former
                    try await write(ServerSentEvent(id: String(time), data: json(change)).bytes)
                }
                if changes.isEmpty, pass.time - marked > Int64(heartbeat / .microseconds(1)) {
                    try await write(ServerSentEvent.mark(pass.time))
                    marked = pass.time
                }
                if pass.time > now + JobFeed.overlap { ended = [] }
            }
        }
    }

    private func response(_ body: @escaping @Sendable (@escaping HTTPStream.Write) async throws -> Void) -> HTTPResponse
    {
        HTTPResponse { write in
            // What ends a stream early, an outage too, its client finds out by connecting again.
            try? await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await body(write) }
                group.addTask {
                    while true {
                        try await Task.sleep(for: heartbeat)
                        try await write(ServerSentEvent.heartbeat)
                    }
                }
                group.addTask { try await Task.sleep(for: longest) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }
}
