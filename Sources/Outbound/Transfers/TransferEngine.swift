import FlotillaPlatform
import CFlotillaCurl
import Synchronization

/// Makes transfers on a thread of its own, many at a time, and keeps connections for the next.
///
/// Per lane (a server) only so many run at once; the others wait in the order in which they came. ``close()`` has to be
/// called in the end.
package actor TransferEngine {
    /// How long an idle engine's connections may take to say goodbye before they are cut.
    private static let farewell = Duration.seconds(2)

    private struct Order {
        let number: Int
        let plan: TransferPlan
        let continuation: CheckedContinuation<TransferReport, Never>

        func refuse(_ reason: OutboundError.Code) {
            continuation.resume(returning: TransferReport(interruption: reason))
        }
    }

    private struct Inbox {
        var orders: [Order] = []
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
    private let connectionsPerLane: Int
    private let cutsCancelled: Bool
    private var multi: MultiHandle?
    private var running: [UInt: Transfer] = [:]
    private var waiting: [String: [Order]] = [:]
    private var counts: [String: Int] = [:]

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// - Parameter connectionsPerLane: how many connections one server is given at most.
    package init(name: String = "outbound", connectionsPerLane: Int = 4) {
        self.init(name: name, connectionsPerLane: connectionsPerLane, cutsCancelled: false)
    }

    /// - Parameter cutsCancelled: whether a transfer that is cancelled has all connections cut, for the thread may be held by
    ///   libcurl. Only for engines that make one transfer at a time.
    init(name: String, connectionsPerLane: Int, cutsCancelled: Bool) {
        executor = ThreadExecutor(name: name)
        self.connectionsPerLane = max(1, connectionsPerLane)
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
            await withCheckedContinuation { submit(Order(number: number, plan: plan, continuation: $0)) }
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

    /// Aborts what runs, says goodbye to the servers, and ends the thread. Later transfers fail with `.closed`.
    package nonisolated func close() async {
        inbox.withLock { inbox in
            inbox.isClosed = true
            if inbox.isDriving { waker.wake() }
        }
        let impatience = Task { [sockets] in
            try await Task.sleep(for: Self.farewell)
            sockets.cutAll()
        }
        await hangUp()
        impatience.cancel()
        executor.stop()
    }

    private func hangUp() { multi = nil }

    private nonisolated func submit(_ order: Order) {
        let refusal = inbox.withLock { inbox -> OutboundError.Code? in
            if inbox.isClosed { return .closed }
            if inbox.cancelledEarly.contains(order.number) { return .cancelled }
            inbox.known.insert(order.number)
            inbox.orders.append(order)
            if inbox.isDriving {
                waker.wake()
            } else {
                inbox.isDriving = true
                executor.run { self.assumeIsolated { $0.drive() } }
            }
            return nil
        }
        if let refusal { order.refuse(refusal) }
    }

    /// Drives transfers until there are none.
    private func drive() {
        while let multi {
            takeInbox(multi)
            for lane in Array(waiting.keys) { admit(lane, multi) }
            guard !running.isEmpty else {
                let isDone = inbox.withLock { inbox in
                    inbox.isDriving = !inbox.orders.isEmpty || !inbox.cancelled.isEmpty
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
        let (orders, cancelled, isClosed) = inbox.withLock { inbox in
            defer { (inbox.orders, inbox.cancelled) = ([], []) }
            return (inbox.orders, inbox.cancelled, inbox.isClosed)
        }
        for order in orders { waiting[order.plan.lane, default: []].append(order) }
        if isClosed { return interruptAll(multi) }
        for number in cancelled { cancel(number, multi) }
    }

    private func cancel(_ number: Int, _ multi: MultiHandle) {
        if let transfer = running.values.first(where: { $0.number == number }) {
            forget(transfer)
            transfer.interrupt(.cancelled, on: multi)
            return
        }
        for lane in waiting.keys {
            guard let index = waiting[lane]?.firstIndex(where: { $0.number == number }) else { continue }
            let order = waiting[lane]?.remove(at: index)
            inbox.withLock { _ = $0.known.remove(number) }
            order?.refuse(.cancelled)
            return
        }
    }

    private func interruptAll(_ multi: MultiHandle) {
        for transfer in running.values {
            forget(transfer)
            transfer.interrupt(.closed, on: multi)
        }
        for order in waiting.values.joined() { order.refuse(.closed) }
        waiting = [:]
    }

    /// Starts as many of the lane's transfers as its connections allow.
    private func admit(_ lane: String, _ multi: MultiHandle) {
        while counts[lane, default: 0] < connectionsPerLane, let order = waiting[lane]?.first {
            waiting[lane]?.removeFirst()
            do throws(CurlFailure) {
                let transfer = try Transfer(
                    order.number,
                    order.plan,
                    sockets: sockets,
                    continuation: order.continuation
                )
                try transfer.start(on: multi)
                inbox.withLock { _ = $0.started.insert(order.number) }
                running[transfer.key] = transfer
                counts[lane, default: 0] += 1
            } catch {
                inbox.withLock { _ = $0.known.remove(order.number) }
                order.continuation.resume(returning: TransferReport(code: error.code, detail: error.detail))
            }
        }
        if waiting[lane]?.isEmpty == true { waiting[lane] = nil }
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
        let left = counts[transfer.lane, default: 1] - 1
        counts[transfer.lane] = left == 0 ? nil : left
        inbox.withLock { inbox in
            inbox.known.remove(transfer.number)
            inbox.started.remove(transfer.number)
        }
    }
}
