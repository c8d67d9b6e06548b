import FlotillaMessaging
import FlotillaModels
import Synchronization

/// The deliveries of one queue that wait for a free slot. The prefetch bounds it.
final class DeliveryBuffer: Sendable {
    private struct Waiter {
        let id: Int
        let wanted: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        /// Those before `head` are gone: what was taken must not be kept in memory here.
        var items: [Delivery?] = []
        /// Where the first waiting item is.
        var head = 0
        var waiters: [Waiter] = []
        var nextWaiter = 0
        var isClosed = false
        /// Deliveries of earlier connections can't be settled any more; the broker gives them out again.
        var oldestEpoch: UInt64 = 0

        var count: Int { items.count - head }

        /// - Parameter bytes: how large the bodies may be together; the first is taken whatever its size.
        mutating func take(_ limit: Int, bytes: Int = .max) -> [Delivery] {
            var end = min(head + limit, items.count)
            if bytes < .max, head < end {
                var room = bytes - size(head)
                var next = head + 1
                while next < end {
                    room -= size(next)
                    guard room >= 0 else { break }
                    next += 1
                }
                end = next
            }
            var taken: [Delivery] = []
            taken.reserveCapacity(end - head)
            for index in head..<end {
                if let item = items[index].take() { taken.append(item) }
            }
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

        private func size(_ index: Int) -> Int { items[index]?.message.body.count ?? 0 }

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
            state.items.append(contentsOf: deliveries.lazy.map(Optional.some))
            return state.ready()
        }
        for waiter in ready { waiter.resume() }
    }

    /// Puts deliveries back where the next taker finds them first.
    func putBack(_ deliveries: [Delivery]) {
        guard !deliveries.isEmpty else { return }
        let ready = state.withLock { state in
            let valid = deliveries.filter { $0.token.epoch >= state.oldestEpoch }
            state.items.replaceSubrange(0..<state.head, with: valid.map(Optional.some))
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

    /// The next `size` deliveries, or fewer when no more come for `wait` or their bodies are large; empty once the buffer
    /// is closed.
    ///
    /// - Parameter bytes: how large the bodies may be together; one delivery is taken whatever its size.
    func nextBatch(of size: Int, within wait: Duration, bytes: Int = .max) async -> [Delivery] {
        while await waitForBatch(of: size, within: wait) {
            let batch = takeNow(upTo: size, bytes: bytes)
            if !batch.isEmpty { return batch }
        }
        return []
    }

    /// Waits for `size` deliveries, or for fewer when no more come for `wait`, and leaves them here; false once the buffer
    /// is closed. Somebody else may have taken them by then.
    func waitForBatch(of size: Int, within wait: Duration) async -> Bool {
        while true {
            let (count, isClosed) = state.withLock { ($0.count, $0.isClosed) }
            if isClosed { return false }
            if count >= size { return true }
            if count > 0 {
                await waitFor(size, atMost: wait)
                return state.withLock { !$0.isClosed }
            }
            await waitFor(1)
        }
    }

    /// What is here of the next deliveries, without waiting; empty once the buffer is closed.
    ///
    /// - Parameters:
    ///   - limit: how many at most.
    ///   - takers: how many share what waits.
    ///   - bytes: how large the bodies may be together; one delivery is taken whatever its size.
    func takeNow(upTo limit: Int, sharedBy takers: Int = 1, bytes: Int = .max) -> [Delivery] {
        state.withLock { state in
            state.isClosed ? [] : state.take(min(limit, max(1, state.count / takers)), bytes: bytes)
        }
    }

    /// Forgets what came over a lost connection: the broker gives it out again.
    func discard(before epoch: UInt64) {
        state.withLock { state in
            state.items.removeFirst(state.head)
            state.head = 0
            state.items.removeAll { $0.map { $0.token.epoch < epoch } ?? true }
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
