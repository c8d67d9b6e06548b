import FlotillaHTTPRouting
import Synchronization

/// An answer that is sent piece by piece: what waits between its producer and the library.
///
/// The connection is suspended while there is nothing to send. The producer waits while as much as may is here already.
final class StreamedAnswer: Sendable {
    /// What the library is given.
    enum Reading: Hashable {
        case bytes(Int)
        /// There is nothing at the moment; the connection is suspended.
        case nothing
        case end
        /// The answer is broken off.
        case failure
    }

    private struct State {
        var pieces: [ArraySlice<UInt8>] = []
        var size = 0
        /// Nothing more comes.
        var isEnded = false
        /// Nobody reads any more.
        var isClosed = false
        var isSuspended = false
        var lastRead = ContinuousClock.now
        var producer: Task<Void, Never>?
        /// Those who wait for room.
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let stream: HTTPStream
    private let limit: Int
    private let suspend: @Sendable () -> Void
    private let resume: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: how many bytes may wait.
    ///   - suspend: suspends the connection; called on its own thread, with a lock held, so that no resumption is early.
    ///   - resume: resumes it, from any thread.
    init(
        _ stream: HTTPStream,
        limit: Int,
        suspend: @escaping @Sendable () -> Void,
        resume: @escaping @Sendable () -> Void
    ) {
        self.stream = stream
        self.limit = limit
        self.suspend = suspend
        self.resume = resume
    }

    /// Runs the producer, unless the stream is over already.
    func start() {
        let task = Task {
            await stream.produce { [weak self] piece throws(CancellationError) in
                guard let self else { throw CancellationError() }
                try await self.write(piece)
            }
            end()
        }
        let isOver = state.withLock { state in
            if !state.isEnded, !state.isClosed { state.producer = task }
            return state.isEnded || state.isClosed
        }
        if isOver { task.cancel() }
    }

    /// Whether the connection may still be suspended.
    var isOpen: Bool { state.withLock { !$0.isEnded && !$0.isClosed } }

    /// Whether the client takes nothing though there is something to take.
    func isStalled(at now: ContinuousClock.Instant, limit: Duration) -> Bool {
        state.withLock { !$0.isSuspended && now - $0.lastRead > limit }
    }

    private func write(_ piece: [UInt8]) async throws(CancellationError) {
        while true {
            enum Step { case done, over, full }
            let step = state.withLock { state -> Step in
                guard !state.isEnded, !state.isClosed else { return .over }
                guard !piece.isEmpty else { return .done }
                // A piece beyond all limits goes alone.
                guard state.size == 0 || state.size + piece.count <= limit else { return .full }
                state.pieces.append(piece[...])
                state.size += piece.count
                wake(&state)
                return .done
            }
            switch step {
            case .done: return
            case .over: throw CancellationError()
            case .full: await waitForRoom(piece.count)
            }
        }
    }

    /// Returns when there may be room, or the stream is over.
    private func waitForRoom(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                guard !state.isEnded, !state.isClosed, state.size > 0, state.size + count > limit else { return false }
                state.waiters.append(continuation)
                return true
            }
            if !mustWait { continuation.resume() }
        }
    }

    /// Fills `buffer` with what is here. Called by the library, on the connection's thread.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        let (reading, waiters) = state.withLock { state -> (Reading, [CheckedContinuation<Void, Never>]) in
            state.lastRead = .now
            guard !state.isClosed else { return (.failure, []) }
            guard state.size > 0 else {
                if state.isEnded { return (.end, []) }
                state.isSuspended = true
                suspend()
                return (.nothing, [])
            }
            var count = 0
            var taken = 0
            while taken < state.pieces.count, count < buffer.count {
                let part = state.pieces[taken].prefix(buffer.count - count)
                unsafe buffer[count...].copyBytes(from: part)
                count += part.count
                state.pieces[taken].removeFirst(part.count)
                if state.pieces[taken].isEmpty { taken += 1 }
            }
            state.pieces.removeFirst(taken)
            state.size -= count
            defer { state.waiters = [] }
            return (.bytes(count), state.waiters)
        }
        for waiter in waiters { waiter.resume() }
        return reading
    }

    /// Nothing more comes: what waits is sent, and then the end.
    func end() { finish { state in state.isEnded = true } }

    /// Breaks the answer off: its client is gone.
    func abort() {
        finish { state in
            (state.isClosed, state.pieces, state.size) = (true, [], 0)
        }
    }

    /// The library has done with the answer: the connection is not to be resumed any more.
    func close() {
        state.withLock { $0.isSuspended = false }
        abort()
    }

    private func finish(_ change: (inout State) -> Void) {
        let (producer, waiters) = state.withLock { state in
            change(&state)
            wake(&state)
            defer { (state.producer, state.waiters) = (nil, []) }
            return (state.producer, state.waiters)
        }
        producer?.cancel()
        for waiter in waiters { waiter.resume() }
    }

    private func wake(_ state: inout State) {
        guard state.isSuspended else { return }
        state.isSuspended = false
        state.lastRead = .now
        resume()
    }
}
