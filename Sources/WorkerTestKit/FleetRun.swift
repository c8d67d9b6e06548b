import Workers
import Foundation
import Synchronization

/// One run of a fleet in the background, and the folder that it needs meanwhile.
final class FleetRun: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        var end: Result<Void, any Error>?
    }

    let fleet: Fleet
    private let folder: String
    private let state = Mutex(State())

    init(_ fleet: Fleet, folder: String) {
        self.fleet = fleet
        self.folder = folder
    }

    /// Returns once every queue is being consumed.
    ///
    /// - Throws: what keeps the fleet from starting, and ``TestFleetError`` when it has been shut down.
    func start() async throws {
        state.withLock { state in
            guard state.task == nil, state.end == nil else { return }
            state.task = Task { [fleet, self] in
                let result: Result<Void, any Error>
                do { result = .success(try await fleet.run()) } catch { result = .failure(error) }
                self.finish(result)
            }
        }
        while true {
            if let end = state.withLock(\.end) {
                try end.get()
                throw TestFleetError(.stopped, "the fleet has been shut down")
            }
            if fleet.isRunning { return }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Drains, and returns when everything has stopped.
    func shutdown() async throws {
        fleet.shutdown()
        guard let task = state.withLock(\.task) else { return finish(.success(())) }
        await task.value
        try state.withLock(\.end)?.get()
    }

    /// Begins to drain, and leaves no folder behind even when the process ends before the drain does.
    func abandon() {
        fleet.shutdown()
        removeFolder()
    }

    private func removeFolder() { try? FileManager.default.removeItem(atPath: folder) }

    private func finish(_ result: Result<Void, any Error>) {
        state.withLock { state in
            state.end = state.end ?? result
            state.task = nil
        }
        removeFolder()
    }
}
