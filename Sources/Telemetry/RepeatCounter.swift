import Synchronization

/// Counts repeated log lines of a process and has their sums written, in time and at the end.
final class RepeatCounter: Sendable {
    private struct State {
        var lines = RepeatedLines()
        var isWaiting = false
    }

    private let state = Mutex(State())

    /// Whether to write this line. Lines of the level `debug` always are.
    ///
    /// - Parameter write: writes a summary later on.
    func admits(
        _ level: Log.Level,
        _ message: String,
        _ fields: KeyValuePairs<String, Log.Value>,
        write: @escaping @Sendable (RepeatedLines.Summary) -> Void
    ) -> Bool {
        guard level > .debug else { return true }
        let (isAdmitted, mustWait) = state.withLock { state in
            let isAdmitted = state.lines.admits(level, message, fields, at: .now)
            defer { state.isWaiting = state.isWaiting || !isAdmitted }
            return (isAdmitted, !isAdmitted && !state.isWaiting)
        }
        if mustWait { Task.detached { await self.writeWhenDue(write) } }
        return isAdmitted
    }

    /// What has been counted and not been written.
    func takeAll() -> [RepeatedLines.Summary] {
        state.withLock { $0.lines.takeDue(at: .now, isEnding: true) }
    }

    /// Ends once nothing is counted.
    private func writeWhenDue(_ write: @Sendable (RepeatedLines.Summary) -> Void) async {
        while true {
            let due = state.withLock { state in
                state.isWaiting = state.lines.nextDue != nil
                return state.lines.nextDue
            }
            guard let due else { return }
            try? await Task.sleep(until: due)
            for summary in state.withLock({ $0.lines.takeDue(at: .now) }) { write(summary) }
        }
    }
}
