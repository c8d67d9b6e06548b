import FlotillaMessaging
import Synchronization

/// The deliveries of one queue that wait for a free slot. The prefetch bounds it.
final class DeliveryBuffer: Sendable {
    private struct Waiter {
        let id: Int
        let wanted: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var items: [Delivery] = []
        /// Where the first waiting item is; those before it are gone.
        var head = 0
        var waiters: [Waiter] = []
        var nextWaiter = 0
        var isClosed = false
        /// Deliveries of earlier connections can't be settled any more; the broker gives them out again.
        var oldestEpoch: UInt64 = 0

        var count: Int { items.count - head }

        mutating func take(_ limit: Int) -> [Delivery] {
            let end = min(head + limit, items.count)
            let taken = Array(items[head..<end])
            head = end
            if head == items.count {
                items.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 1_024 && head * 2 > items.count {
                items.removeFirst(head)
                head = 0
            }
            return taken
        }

        /// The waiters that have enough to go on, oldest first, or all of them once closed.
        mutating func ready() -> [CheckedContinuation<Void, Never>] {
            guard !waiters.isEmpty else { return [] }
            var available = count
            var ready: [CheckedContinuation<Void, Never>] = []
            waiters.removeAll { waiter in
                guard isClosed || waiter.wanted <= available else { return false }
                available -= waiter.wanted
                ready.append(waiter.continuation)
                return true
            }
            return ready
        }
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.count } }

    func append(_ deliveries: [Delivery]) {
        let ready = state.withLock { state in
            state.items += deliveries
            return state.ready()
        }
        for waiter in ready { waiter.resume() }
    }

    /// Puts deliveries back where the next taker finds them first.
    func putBack(_ deliveries: [Delivery]) {
        let ready = state.withLock { state in
            let valid = deliveries.filter { $0.token.epoch >= state.oldestEpoch }
            state.items.replaceSubrange(0..<state.head, with: valid)
            state.head = 0
            return state.ready()
        }
        for waiter in ready { waiter.resume() }
    }

    /// The next delivery and, where many wait, its share of them; empty once the buffer is closed.
    ///
    /// - Parameters:
    ///   - limit: how many at most.
    ///   - takers: how many share what waits.
    func next(upTo limit: Int, sharedBy takers: Int) async -> [Delivery] {
        while true {
            let (items, isClosed) = state.withLock { state in
                (state.isClosed ? [] : state.take(min(limit, max(1, state.count / takers))), state.isClosed)
            }
            if isClosed || !items.isEmpty { return items }
            await waitFor(1)
        }
    }

    /// The next `size` deliveries, or fewer when no more come for `wait`; empty once the buffer is closed.
    func nextBatch(of size: Int, within wait: Duration) async -> [Delivery] {
        while true {
            let (count, isClosed) = state.withLock { ($0.count, $0.isClosed) }
            if isClosed { return [] }
            if count == 0 {
                await waitFor(1)
                continue
            }
            if count < size { await waitFor(size, atMost: wait) }
            let (batch, closed) = state.withLock { state in
                (state.isClosed ? [] : state.take(size), state.isClosed)
            }
            if closed || !batch.isEmpty { return batch }
        }
    }

    /// Forgets what came over a lost connection: the broker gives it out again.
    func discard(before epoch: UInt64) {
        state.withLock { state in
            state.items.removeFirst(state.head)
            state.head = 0
            state.items.removeAll { $0.token.epoch < epoch }
            state.oldestEpoch = max(state.oldestEpoch, epoch)
        }
    }

    /// Takes everything that waits, and leaves the buffer in use.
    func takeAll() -> [Delivery] { state.withLock { $0.take($0.count) } }

    /// Ends every wait, and hands over what never ran.
    func close() -> [Delivery] {
        let (rest, ready) = state.withLock { state in
            state.isClosed = true
            return (state.take(state.count), state.ready())
        }
        for waiter in ready { waiter.resume() }
        return rest
    }

    private func waitFor(_ wanted: Int, atMost limit: Duration? = nil) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.isClosed || state.count >= wanted { return true }
                state.waiters.append(Waiter(id: id, wanted: wanted, continuation: continuation))
                return false
            }
            if goesOn { return continuation.resume() }
            // Only now: a limit that passed before the waiter is in line would find nobody to release.
            guard let limit else { return }
            Task {
                try await Task.sleep(for: limit)
                release(id)
            }
        }
    }

    private func release(_ id: Int) {
        let continuation = state.withLock { state in
            state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
        }
        continuation?.resume()
    }
}
