import FlotillaPlatform
import CFlotillaCurl
import Synchronization

/// Makes transfers on a thread of its own, many at a time, and keeps connections for the next.
///
/// Per server only so many run at once; the others wait in the order in which they came. ``close()`` has to be
/// called in the end.
package actor TransferEngine {
    /// How long an idle engine's connections may take to close before they are cut.
    private static let closeTimeout = Duration.seconds(2)

    private struct Request {
        let number: Int
        let plan: TransferPlan
        let continuation: CheckedContinuation<TransferReport, Never>

        func refuse(_ reason: OutboundError.Code) {
            continuation.resume(returning: TransferReport(interruption: reason))
        }
    }

    private struct Inbox {
        var requests: [Request] = []
        var cancelled: [Int] = []
        var lastNumber = 0
        /// What was ordered and has not ended.
        var known: Set<Int> = []
        /// What libcurl has been given of it.
        var started: Set<Int> = []
        /// What was cancelled before it was ordered.
        var cancelledEarly: Set<Int> = []
        /// Whether the thread is driving transfers, and looks here before it stops.
        var isDriving = false
        var isClosed = false
    }

    private let executor: ThreadExecutor
    private let inbox = Mutex(Inbox())
    private let sockets = OpenSockets()
    private let waker: MultiHandle.Waker
    private let connectionsPerServer: Int
    private let cutsCancelled: Bool
    private var multi: MultiHandle?
    private var running: [UInt: Transfer] = [:]
    private var waiting: [String: [Request]] = [:]
    private var counts: [String: Int] = [:]

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// - Parameter connectionsPerServer: how many connections one server is given at most.
    package init(name: String = "outbound", connectionsPerServer: Int = 4) {
        self.init(name: name, connectionsPerServer: connectionsPerServer, cutsCancelled: false)
    }

    /// - Parameter cutsCancelled: whether a transfer that is cancelled has all connections cut, for the thread may be held by
    ///   libcurl. Only for engines that make one transfer at a time.
    init(name: String, connectionsPerServer: Int, cutsCancelled: Bool) {
        executor = ThreadExecutor(name: name)
        self.connectionsPerServer = max(1, connectionsPerServer)
        self.cutsCancelled = cutsCancelled
        let multi = MultiHandle(connections: 64)
        waker = multi.waker
        self.multi = multi
    }

    /// Makes the transfer. How it ended is in the report. A cancelled task's transfer is aborted.
    nonisolated func perform(_ plan: TransferPlan) async -> TransferReport {
        let number = inbox.withLock { inbox in
            inbox.lastNumber += 1
            return inbox.lastNumber
        }
        defer { _ = inbox.withLock { $0.cancelledEarly.remove(number) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { submit(Request(number: number, plan: plan, continuation: $0)) }
        } onCancel: {
            inbox.withLock { inbox in
                guard inbox.known.contains(number) else {
                    inbox.cancelledEarly.insert(number)
                    return
                }
                inbox.cancelled.append(number)
                if inbox.isDriving { waker.wake() }
                if cutsCancelled, inbox.started.contains(number) { sockets.cutAll() }
            }
        }
    }

    /// Aborts what runs, closes the connections, and ends the thread. Later transfers fail with `.closed`.
    package nonisolated func close() async {
        inbox.withLock { inbox in
            inbox.isClosed = true
            if inbox.isDriving { waker.wake() }
        }
        let timeoutTask = Task { [sockets] in
            try await Task.sleep(for: Self.closeTimeout)
            sockets.cutAll()
        }
        await hangUp()
        timeoutTask.cancel()
        executor.stop()
    }

    private func hangUp() { multi = nil }

    private nonisolated func submit(_ request: Request) {
        let refusal = inbox.withLock { inbox -> OutboundError.Code? in
            if inbox.isClosed { return .closed }
            if inbox.cancelledEarly.contains(request.number) { return .cancelled }
            inbox.known.insert(request.number)
            inbox.requests.append(request)
            if inbox.isDriving {
                waker.wake()
            } else {
                inbox.isDriving = true
                executor.run { self.assumeIsolated { $0.drive() } }
            }
            return nil
        }
        if let refusal { request.refuse(refusal) }
    }

    /// Drives transfers until there are none.
    private func drive() {
        while let multi {
            takeInbox(multi)
            for server in Array(waiting.keys) { admit(server, multi) }
            guard !running.isEmpty else {
                let isDone = inbox.withLock { inbox in
                    inbox.isDriving = !inbox.requests.isEmpty || !inbox.cancelled.isEmpty
                    return !inbox.isDriving
                }
                if isDone { return }
                continue
            }
            multi.perform()
            if !takeFinished(multi) { multi.wait(atMost: .seconds(1)) }
        }
    }

    private func takeInbox(_ multi: MultiHandle) {
        let (requests, cancelled, isClosed) = inbox.withLock { inbox in
            defer { (inbox.requests, inbox.cancelled) = ([], []) }
            return (inbox.requests, inbox.cancelled, inbox.isClosed)
        }
        for request in requests { waiting[request.plan.server, default: []].append(request) }
        if isClosed { return interruptAll(multi) }
        for number in cancelled { cancel(number, multi) }
    }

    private func cancel(_ number: Int, _ multi: MultiHandle) {
        if let transfer = running.values.first(where: { $0.number == number }) {
            forget(transfer)
            transfer.interrupt(.cancelled, on: multi)
            return
        }
        for server in waiting.keys {
            guard let index = waiting[server]?.firstIndex(where: { $0.number == number }) else { continue }
            let request = waiting[server]?.remove(at: index)
            inbox.withLock { _ = $0.known.remove(number) }
            request?.refuse(.cancelled)
            return
        }
    }

    private func interruptAll(_ multi: MultiHandle) {
        for transfer in running.values {
            forget(transfer)
            transfer.interrupt(.closed, on: multi)
        }
        for request in waiting.values.joined() { request.refuse(.closed) }
        waiting = [:]
    }

    /// Starts as many of the server's transfers as its connections allow.
    private func admit(_ server: String, _ multi: MultiHandle) {
        while counts[server, default: 0] < connectionsPerServer, let request = waiting[server]?.first {
            waiting[server]?.removeFirst()
            do throws(CurlFailure) {
                let transfer = try Transfer(
                    request.number,
                    request.plan,
                    sockets: sockets,
                    continuation: request.continuation
                )
                try transfer.start(on: multi)
                inbox.withLock { _ = $0.started.insert(request.number) }
                running[transfer.key] = transfer
                counts[server, default: 0] += 1
            } catch {
                inbox.withLock { _ = $0.known.remove(request.number) }
                request.continuation.resume(returning: TransferReport(code: error.code, detail: error.detail))
            }
        }
        if waiting[server]?.isEmpty == true { waiting[server] = nil }
    }

    /// Whether any transfer had ended.
    private func takeFinished(_ multi: MultiHandle) -> Bool {
        var hasFinished = false
        while let (key, code) = multi.nextFinished() {
            guard let transfer = running[key] else { continue }
            // Ours may be the reason why its connection was lost.
            let interruption = inbox.withLock { inbox -> OutboundError.Code? in
                if code == CURLE_OK { return nil }
                if inbox.cancelled.contains(transfer.number) { return .cancelled }
                return inbox.isClosed ? .closed : nil
            }
            forget(transfer)
            if let interruption {
                transfer.interrupt(interruption, on: multi)
            } else {
                transfer.finish(code, on: multi)
            }
            hasFinished = true
        }
        return hasFinished
    }

    private func forget(_ transfer: Transfer) {
        running[transfer.key] = nil
        let left = counts[transfer.server, default: 1] - 1
        counts[transfer.server] = left == 0 ? nil : left
        inbox.withLock { inbox in
            inbox.known.remove(transfer.number)
            inbox.started.remove(transfer.number)
        }
    }
}
