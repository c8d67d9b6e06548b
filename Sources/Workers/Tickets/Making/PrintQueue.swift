import Synchronization

/// The tickets that the desks of a press share out among themselves.
final class PrintQueue: Sendable {
    private struct State {
        var next = 0
        var results: [PrintResult?]
    }

    private let orders: [PrintOrder]
    private let state: Mutex<State>

    init(_ orders: [PrintOrder]) {
        self.orders = orders
        state = Mutex(State(results: Array(repeating: nil, count: orders.count)))
    }

    func next() -> (place: Int, order: PrintOrder)? {
        state.withLock { state in
            guard state.next < orders.count else { return nil }
            defer { state.next += 1 }
            return (state.next, orders[state.next])
        }
    }

    func finish(_ place: Int, _ result: PrintResult) { state.withLock { $0.results[place] = result } }

    /// Once every desk has come back.
    var results: [PrintResult] { state.withLock { $0.results.compactMap(\.self) } }
}
