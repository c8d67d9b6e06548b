import FlotillaPlatform
import FoundationEssentials
import Glibc
import Synchronization

/// One server process of a home, known by the lock that it and its children hold for as long as they live.
///
/// The lock decides whether it runs; a process id in a file is only a hint, and is believed only of a process that
/// has the lock file open. So a reused id, a stale file or a killed starter can't mislead.
struct ServiceProcess: Sendable {
    /// Servers that this process has started, and not reaped. No other child of it is touched: whoever started it waits for it.
    private static let launched = Mutex<Set<CInt>>([])

    let name: String
    private let lock: String
    let log: String

    init(_ name: String, in home: Home) {
        self.name = name
        lock = "\(home.control)/\(name).lock"
        log = "\(home.logs)/\(name).log"
    }

    /// Whether the process or a child of it lives.
    var isRunning: Bool { FileLock.isHeld(lock) }

    /// The process itself; nil when it is gone, though children of it may linger.
    var mainProcess: CInt? {
        guard isRunning, let text = PrivateFile.read(lock), let process = CInt(text.trimmingNewline) else { return nil }
        return ProcessTable.isOpen(lock, in: process) && ProcessTable.isAlive(process) ? process : nil
    }

    /// Starts the process, which takes over the lock. Nil when it runs already.
    func launch(_ request: ProcessRequest, owner: UserIdentity?) throws -> CInt? {
        guard let held = try FileLock.take(lock) else { return nil }
        reapPrevious()
        if let owner { fchown(held.descriptor, owner.user, owner.group) }
        let output = try PrivateFile.openLog(log)
        defer { close(output) }
        if let owner { fchown(output, owner.user, owner.group) }
        var request = request
        request.record = held.descriptor
        request.output = output
        request.error = output
        let process = try request.start()
        Self.launched.withLock { _ = $0.insert(process) }
        return process
    }

    /// Reaps servers that this process has started and another command, or a crash, has ended.
    static func reapEnded() {
        for process in launched.withLock({ $0 }) where ProcessEnd.reap(process) != nil {
            launched.withLock { _ = $0.remove(process) }
        }
    }

    /// An earlier one that this very process started would stay a zombie.
    private func reapPrevious() {
        guard let text = PrivateFile.read(lock), let process = CInt(text.trimmingNewline), process > 1 else { return }
        _ = ProcessEnd.reap(process)
    }

    /// Starts the process and waits for its end.
    func runToEnd(_ request: ProcessRequest, owner: UserIdentity?) async throws -> ProcessEnd {
        guard let process = try launch(request, owner: owner) else {
            throw ServiceError(nil, "\(name) is busy", remedy: "try again")
        }
        Self.launched.withLock { _ = $0.remove(process) }
        while true {
            if let end = ProcessEnd.reap(process) { return end }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Asks it to end, and ends it when it has not done so in time; returns when no process is left.
    func stop(signal: CInt, timeout: Duration) async {
        if let process = mainProcess {
            kill(process, signal)
            // A stopped process would not see the signal.
            kill(process, SIGCONT)
            if await isGone(within: timeout) { return }
        }
        await killAll()
    }

    /// Ends it with all of its children, now.
    func killAll() async {
        for _ in 0..<20 where isRunning {
            for process in ProcessTable.processes(holding: lock) { kill(process, SIGKILL) }
            if await isGone(within: .milliseconds(500)) { return }
        }
    }

    /// Waits for the lock to be free, also in a task that is cancelled: a sleep of its own would end at once.
    func isGone(within timeout: Duration) async -> Bool {
        let deadline = ContinuousClock.now + timeout
        while isRunning {
            if ContinuousClock.now >= deadline { return false }
            await Task { try? await Task.sleep(for: .milliseconds(10)) }.value
        }
        return true
    }

    /// Where the log ends now.
    var logSize: Int {
        (try? FileManager.default.attributesOfItem(atPath: log)[.size] as? Int) ?? 0
    }

    /// The last lines that were logged after `offset`.
    func logTail(after offset: Int, lines: Int = 5) -> [String] {
        guard let data = FileManager.default.contents(atPath: log) else { return [] }
        let start = offset <= data.count ? offset : 0
        let text = String(decoding: data.dropFirst(max(start, data.count - 65_536)), as: UTF8.self)
        return text.split(separator: "\n").suffix(lines).map(String.init)
    }
}

extension String {
    fileprivate var trimmingNewline: Substring { last == "\n" ? dropLast() : self[...] }
}
