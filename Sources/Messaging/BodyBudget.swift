import Synchronization

/// How many bytes of message bodies a process may hold at a time. A connection that is over it stops reading, so that
/// the rest waits in the broker.
///
/// A connection that holds less than its share, half the budget divided by the connections, goes on reading all the same:
/// none waits for the large messages of another. So one and a half budgets are the bound, and a message more for each
/// connection, nine while none of its messages ends. Bodies below ``smallest`` bytes are not counted, since the prefetch
/// bounds them, unless they are packed.
package final class BodyBudget: Sendable {
    package static let standard = 64 << 20
    package static let smallest = 4_096

    private struct State {
        var total = 0
        var accounts = 0
        /// Who is to be told when there is room.
        var waiting: [ObjectIdentifier: (held: Int, resume: @Sendable () -> Void)] = [:]
    }

    package let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: 1 at least, since one message is always let in.
    package init(_ limit: Int = standard) { self.limit = max(1, limit) }

    /// How many bytes are held now.
    package var held: Int { state.withLock(\.total) }

    /// What one connection holds. It is one of those that share the budget until it is freed.
    final class Account: Sendable {
        private let budget: BodyBudget
        private let own = Mutex(0)

        init(_ budget: BodyBudget) {
            self.budget = budget
            budget.state.withLock { $0.accounts += 1 }
        }

        deinit {
            budget.state.withLock { state in
                state.accounts -= 1
                state.waiting[ObjectIdentifier(self)] = nil
            }
        }

        /// Whether nothing more should be read.
        var isFull: Bool { budget.isFull(own.withLock { $0 }) }

        func hold(_ bytes: Int) {
            own.withLock { $0 += bytes }
            budget.state.withLock { $0.total += bytes }
        }

        func release(_ bytes: Int) {
            let held = own.withLock { own in
                own -= bytes
                return own
            }
            budget.released(bytes, by: ObjectIdentifier(self), holding: held)
        }

        /// Calls `resume` once there is room, from any thread; at once if there is.
        func whenRoom(_ resume: @escaping @Sendable () -> Void) {
            let held = own.withLock { $0 }
            budget.state.withLock { $0.waiting[ObjectIdentifier(self)] = (held, resume) }
            // What was released before the line above has told nobody.
            budget.released(0, by: ObjectIdentifier(self), holding: own.withLock { $0 })
        }
    }

    /// Bytes that are counted in an account until they are released, or the last who holds this is gone.
    package final class Charge: Sendable {
        private let account: Account
        private let bytes: Atomic<Int>

        init(_ account: Account, _ bytes: Int) {
            self.account = account
            self.bytes = Atomic(bytes)
            account.hold(bytes)
        }

        deinit { release() }

        /// Counts them no longer; a second call does nothing.
        package func release() {
            let held = bytes.exchange(0, ordering: .relaxed)
            if held > 0 { account.release(held) }
        }
    }

    private func isFull(_ held: Int) -> Bool { state.withLock { isFull($0, held) } }

    private func isFull(_ state: borrowing State, _ held: Int) -> Bool {
        state.total >= limit && held >= limit / 2 / max(1, state.accounts)
    }

    private func released(_ bytes: Int, by account: ObjectIdentifier, holding held: Int) {
        let ready = state.withLock { state in
            state.total -= bytes
            guard !state.waiting.isEmpty else { return [] as [@Sendable () -> Void] }
            state.waiting[account]?.held = held
            let ready = state.waiting.filter { !isFull(state, $0.value.held) }
            for account in ready.keys { state.waiting[account] = nil }
            return ready.values.map(\.resume)
        }
        for resume in ready { resume() }
    }
}
