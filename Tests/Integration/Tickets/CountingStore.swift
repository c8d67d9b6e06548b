import FlotillaTickets
import Workers
import Synchronization

/// A store that notes what it is given, and is out when a test says so.
final class CountingStore: TicketFileStore {
    private struct State {
        var paths: [String] = []
        var failsAfter: Int?
        var onPut: (@Sendable (Int) async throws -> Void)?
        var onFirstSync: (@Sendable () async throws -> Void)?
    }

    private let store: any TicketFileStore
    private let state = Mutex(State())

    init(_ store: any TicketFileStore) { self.store = store }

    /// The paths that were put, in order, repeats included.
    var paths: [String] { state.withLock { $0.paths } }

    /// Takes so many more files and is out then; `nil` for ever.
    func fail(after count: Int?) {
        state.withLock { state in state.failsAfter = count.map { state.paths.count + $0 } }
    }

    /// Called before each file with the number of those before it.
    func onPut(_ body: (@Sendable (Int) async throws -> Void)?) { state.withLock { $0.onPut = body } }

    func put(_ bytes: [UInt8], at path: String) async throws {
        let (count, onPut, isOut) = state.withLock { state in
            let isOut = state.failsAfter.map { state.paths.count >= $0 } ?? false
            if !isOut { state.paths.append(path) }
            return (state.paths.count, state.onPut, isOut)
        }
        if isOut { throw DependencyOutage(.ticketFiles, reason: "the test says so") }
        try await onPut?(count)
        try await store.put(bytes, at: path)
    }

    /// Called once, when the files of a group are all there and none of them is recorded.
    func onFirstSync(_ body: @escaping @Sendable () async throws -> Void) {
        state.withLock { $0.onFirstSync = body }
    }

    func sync(_ paths: [String]) async throws {
        try await state.withLock { $0.onFirstSync.take() }?()
        try await store.sync(paths)
    }

    func get(_ path: String) async throws -> [UInt8]? { try await store.get(path) }
    func remove(_ path: String) async throws { try await store.remove(path) }
    func isReachable() async -> Bool { await store.isReachable() }
    var writesPerCore: Int { store.writesPerCore }
}
