import Synchronization

/// Sessions with one mail server, each on an engine of its own; who finds none free waits in line.
///
/// libcurl waits for a server's reply to a mail, and to QUIT, without giving the thread back. With a thread for each
/// session no mail waits for another one's, and a cancelled one can be cut off.
final class SMTPSessions: Sendable {
    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<TransferEngine?, Never>
    }

    private struct State {
        var all: [TransferEngine] = []
        /// The one that was used last is used next, so that few sessions are kept when there is little to send.
        var free: [TransferEngine] = []
        var waiters: [Waiter] = []
        var lastNumber = 0
        var isClosed = false
    }

    private let limit: Int
    private let queueTimeout: Duration
    private let state = Mutex(State())

    /// - Parameter queueTimeout: how long one waits in line.
    init(limit: Int, queueTimeout: Duration) {
        self.limit = max(1, limit)
        self.queueTimeout = queueTimeout
    }

    /// Makes one transfer in a session of its own.
    func perform(_ plan: TransferPlan) async -> TransferReport {
        guard let engine = await take() else {
            let isClosed = state.withLock(\.isClosed)
            return TransferReport(interruption: isClosed ? .closed : Task.isCancelled ? .cancelled : .busy)
        }
        let report = await engine.perform(plan)
        giveBack(engine)
        return report
    }

    func close() async {
        let (engines, waiters) = state.withLock { state in
            state.isClosed = true
            defer { (state.all, state.free, state.waiters) = ([], [], []) }
            return (state.all, state.waiters)
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
        await withDiscardingTaskGroup { group in
            for engine in engines { group.addTask { await engine.close() } }
        }
    }

    /// `nil` when the wait is too long, the task is cancelled or the sessions are closed.
    private func take() async -> TransferEngine? {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let engine = state.withLock { state -> TransferEngine?? in
                    if state.isClosed || Task.isCancelled { return .some(nil) }
                    if let engine = state.free.popLast() { return engine }
                    if state.all.count < limit {
                        let engine = TransferEngine(name: "smtp", connectionsPerServer: 1, cutsCancelled: true)
                        state.all.append(engine)
                        return engine
                    }
                    state.waiters.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let engine { return continuation.resume(returning: engine) }
                Task { [weak self, queueTimeout] in
                    try? await Task.sleep(for: queueTimeout)
                    self?.leaveLine(number)
                }
            }
        } onCancel: {
            leaveLine(number)
        }
    }

    private func leaveLine(_ number: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: nil)
    }

    private func giveBack(_ engine: TransferEngine) {
        let next = state.withLock { state -> Waiter? in
            guard !state.isClosed else { return nil }
            guard !state.waiters.isEmpty else {
                state.free.append(engine)
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.continuation.resume(returning: engine)
    }
}
