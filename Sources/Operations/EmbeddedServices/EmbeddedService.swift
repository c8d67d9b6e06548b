/// What differs between the servers of a home.
protocol EmbeddedService: Sendable {
    var name: ServiceName { get }
    var home: Home { get }
    /// The server.
    var process: ServiceProcess { get }
    /// What it needs beside it; ended after the server.
    var companions: [ServiceProcess] { get }
    /// The signal for an orderly end.
    var stopSignal: CInt { get }

    /// Makes folders, configuration and, the first time, the data. Nothing of this service runs.
    func prepare(report: (String) -> Void) async throws
    /// Starts the processes that don't run.
    func launch() async throws
    /// Whether it answers, asked in its own protocol.
    func isReady() async -> Bool
    /// What is left to do once it answers; called after each start.
    func complete() async throws
    /// What only a new start mends, though the process lives; cheap, and leaves no line in the server's log.
    func condition() async -> ServiceCondition
    /// What a client needs to reach it; empty before the first start.
    var variables: [(name: String, value: String)] { get }
}

extension EmbeddedService {
    var companions: [ServiceProcess] { [] }

    func condition() async -> ServiceCondition { .sound }

    func complete() async throws {}

    /// What a server's process sees: nothing of the caller's environment leaks in.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": home.folder(of: name),
            "LANG": "C.UTF-8",
        ].merging(more) { _, new in new }
    }
}

extension EmbeddedService {
    var state: ServiceState {
        get async {
            guard process.isRunning else { return .stopped }
            let hasMain = process.mainProcess != nil
            let isReady = hasMain ? await isReady() : false
            return ServiceState(isLockHeld: true, hasMainProcess: hasMain, isReady: isReady)
        }
    }
}
