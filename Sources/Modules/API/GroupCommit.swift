import Synchronization

/// Gathers what concurrent callers want stored, so that many share one commit.
///
/// Nobody waits for company: an item is taken at once while a lane is free, and with those that arrived meanwhile
/// once one becomes free. Each caller gets its own answer; an item that can't be stored fails alone.
final class GroupCommit<Item: Sendable, Answer: Sendable>: Sendable {
    /// Stores all of the items or none; answers for each, in order.
    typealias Commit = @Sendable ([Item]) async throws -> [Answer]

    private struct Waiting {
        let item: Item
        let continuation: CheckedContinuation<Answer, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        var busyLanes = 0
    }

    private let lanes: Int
    private let largest: Int
    private let failsAllItems: @Sendable (any Error) -> Bool
    private let commit: Commit
    private let state = Mutex(State())

    /// - Parameters:
    ///   - lanes: commits under way at a time.
    ///   - largest: items in one commit.
    ///   - failsAllItems: whether after this error every item would fail, so that trying them in parts is no use.
    init(
        lanes: Int = 2,
        largest: Int = 256,
        failsAllItems: @escaping @Sendable (any Error) -> Bool,
        commit: @escaping Commit
    ) {
        self.lanes = lanes
        self.largest = largest
        self.failsAllItems = failsAllItems
        self.commit = commit
    }

    /// Returns once the item is committed.
    func submit(_ item: Item) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            let opensLane = state.withLock { state in
                state.waiting.append(Waiting(item: item, continuation: continuation))
                guard state.busyLanes < lanes else { return false }
                state.busyLanes += 1
                return true
            }
            // Detached, since it serves others too: what a task knows of its own request must not reach theirs.
            if opensLane { Task.detached { await self.serve() } }
        }
    }

    private func serve() async {
        while let batch = next() { await store(batch) }
    }

    private func next() -> ArraySlice<Waiting>? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.busyLanes -= 1
                return nil
            }
            let batch = state.waiting.prefix(largest)
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    private func store(_ batch: ArraySlice<Waiting>) async {
        do {
            let answers = try await commit(batch.map(\.item))
            for (waiting, answer) in zip(batch, answers) { waiting.continuation.resume(returning: answer) }
        } catch  where batch.count == 1 || failsAllItems(error) {
            for waiting in batch { waiting.continuation.resume(throwing: error) }
        } catch {
            let middle = batch.startIndex + batch.count / 2
            await store(batch[..<middle])
            await store(batch[middle...])
        }
    }
}
