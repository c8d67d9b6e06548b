import Synchronization

/// Bounds what the unpacked bodies of a process take together, before they are unpacked: how large one becomes shows only then,
/// so each reserves the most that it may be, and gives the rest back.
///
/// One is let in whatever its size; further ones as long as all stay within the limit, in the order in which they came.
package final class UnpackingRoom: Sendable {
    private struct Waiter {
        let bytes: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var reserved = 0
        var waiters: [Waiter] = []
    }

    package let limit: Int
    private let state = Mutex(State())

    package init(_ limit: Int) { self.limit = max(1, limit) }

    /// How many bytes are reserved now.
    package var reserved: Int { state.withLock(\.reserved) }

    /// What one body has reserved, until it is released or the last who holds this is gone.
    package final class Place: Sendable {
        private let room: UnpackingRoom
        private let bytes: Atomic<Int>

        fileprivate init(_ room: UnpackingRoom, _ bytes: Int) {
            self.room = room
            self.bytes = Atomic(bytes)
        }

        deinit { release() }

        /// Gives back what the body does not take.
        package func shrink(to size: Int) {
            let before = bytes.load(ordering: .relaxed)
            guard size < before else { return }
            bytes.store(size, ordering: .relaxed)
            room.release(before - size)
        }

        /// Gives back all of it; a second call does nothing.
        package func release() {
            let held = bytes.exchange(0, ordering: .relaxed)
            if held > 0 { room.release(held) }
        }
    }

    /// - Returns: `nil` when there is no room, or others wait for it.
    package func take(upTo bytes: Int) -> Place? {
        let isGranted = state.withLock { state in
            guard state.waiters.isEmpty, fits(bytes, state) else { return false }
            state.reserved += bytes
            return true
        }
        return isGranted ? Place(self, bytes) : nil
    }

    /// Returns once there is room. Whoever waits must hold no place.
    package func wait(upTo bytes: Int) async -> Place {
        await withCheckedContinuation { continuation in
            let isGranted = state.withLock { state in
                guard state.waiters.isEmpty, fits(bytes, state) else {
                    state.waiters.append(Waiter(bytes: bytes, continuation: continuation))
                    return false
                }
                state.reserved += bytes
                return true
            }
            if isGranted { continuation.resume() }
        }
        return Place(self, bytes)
    }

    private func fits(_ bytes: Int, _ state: borrowing State) -> Bool {
        state.reserved == 0 || state.reserved + bytes <= limit
    }

    private func release(_ bytes: Int) {
        let ready = state.withLock { state in
            state.reserved -= bytes
            var ready: [Waiter] = []
            while let first = state.waiters.first, fits(first.bytes, state) {
                state.reserved += first.bytes
                ready.append(state.waiters.removeFirst())
            }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }
}
