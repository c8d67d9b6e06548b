import Synchronization

/// The tickets that the threads of a renderer share.
final class RenderQueue: Sendable {
    private struct State {
        var next = 0
        var results: [RenderResult?]
    }

    private let requests: [RenderRequest]
    private let state: Mutex<State>

    init(_ requests: [RenderRequest]) {
        self.requests = requests
        state = Mutex(State(results: Array(repeating: nil, count: requests.count)))
    }

    func next() -> (place: Int, request: RenderRequest)? {
        state.withLock { state in
            guard state.next < requests.count else { return nil }
            defer { state.next += 1 }
            return (state.next, requests[state.next])
        }
    }

    func finish(_ place: Int, _ result: RenderResult) { state.withLock { $0.results[place] = result } }

    /// Complete once every thread has returned.
    var results: [RenderResult] { state.withLock { $0.results.compactMap(\.self) } }
}
