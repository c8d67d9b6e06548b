import FlotillaStorage
import FlotillaTelemetry
import Glibc
import Synchronization

/// The suspects that this process knows of: from its own journal, and from the other processes.
///
/// They are kept in a file next to the journal, so that a second crash finds them, and shared through Redis as far
/// as Redis is there.
package final class CrashSuspects: Sendable {
    private struct State {
        var suspicions: [MessageIdentity: CrashSuspicion]
        /// Those of this process's own making; the file holds these.
        var own: Set<MessageIdentity>
    }

    private let state: Mutex<State>
    private let count: Atomic<Int>
    private let path: String
    private let shared: (any SharedCrashSuspects)?
    private let log: Log

    /// Assesses what the former process left running, and loads what was known before.
    init(path: String, previousRun: RunningJournal.PreviousRun, shared: (any SharedCrashSuspects)?, log: Log) {
        self.path = path
        self.shared = shared
        self.log = log
        let suspicions = CrashSuspicion.assess(previousRun, earlier: Self.load(path))
        state = Mutex(State(suspicions: suspicions, own: Set(suspicions.keys)))
        count = Atomic(suspicions.count)
        save(suspicions)
        guard !previousRun.running.isEmpty else { return }
        log.warning(
            "the former process died with messages running; they are suspects and run alone",
            [
                "signal": .integer(Int(previousRun.signal ?? 0)),
                "suspects": .integer(previousRun.running.count),
                "condemned": .integer(suspicions.values.count { $0.isPoison }),
            ]
        )
    }

    /// Whether no message at all is under suspicion, which is the common case and costs no lock.
    var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

    func suspicion(of identity: MessageIdentity) -> CrashSuspicion? {
        state.withLock { $0.suspicions[identity] }
    }

    /// Shares this process's suspects with the others.
    func share() async {
        let own = state.withLock { state in state.suspicions.filter { state.own.contains($0.key) } }
        guard !own.isEmpty else { return }
        await shared?.add(own.map { ($0.key.description, $0.value.text) })
    }

    /// Notes for good which messages ran when a process died, so that the keeper knows it whatever else is lost. Tries on
    /// until it is noted or the task is cancelled.
    func note(in effects: any EffectStore) async {
        let own = state.withLock { state in state.own.map(\.description) }
        guard !own.isEmpty else { return }
        var wait = Duration.milliseconds(200)
        while !Task.isCancelled {
            if (try? await effects.execute([CrashNotes.insert(own)])) != nil { return }
            try? await Task.sleep(for: wait)
            wait = min(wait * 2, .seconds(5))
        }
    }

    /// Looks up redelivered messages among the suspects of other processes.
    func consult(_ identities: [MessageIdentity]) async {
        guard let shared, !identities.isEmpty else { return }
        let found = await shared.find(identities.map(\.description))
        state.withLock { state in
            for (identity, text) in zip(identities, found) {
                guard let text, let suspicion = CrashSuspicion(text: text), state.suspicions[identity] == nil else {
                    continue
                }
                state.suspicions[identity] = suspicion
            }
            count.store(state.suspicions.count, ordering: .relaxed)
        }
    }

    /// The messages have run, or are dead-lettered: they are no suspects any longer.
    func clear(_ identities: [MessageIdentity]) async {
        let (cleared, own) = state.withLock { state in
            let cleared = identities.filter { state.suspicions.removeValue(forKey: $0) != nil }
            let hadOwn = !state.own.isDisjoint(with: cleared)
            state.own.subtract(cleared)
            count.store(state.suspicions.count, ordering: .relaxed)
            return (cleared, hadOwn ? state.suspicions.filter { state.own.contains($0.key) } : nil)
        }
        if let own { save(own) }
        if !cleared.isEmpty { await shared?.remove(cleared.map(\.description)) }
    }

    private func save(_ suspicions: [MessageIdentity: CrashSuspicion]) {
        let text = suspicions.map { "\($0.key) \($0.value.text)\n" }.joined()
        let temporary = path + ".new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        var copy = text
        let isWritten = copy.withUTF8 { bytes in
            unsafe descriptor >= 0 && write(descriptor, bytes.baseAddress, bytes.count) == bytes.count
        }
        if descriptor >= 0 { _ = close(descriptor) }
        let isInPlace = unsafe isWritten && rename(temporary, path) == 0
        if !isInPlace {
            log.error("cannot save the list of suspects", ["path": .string(path)])
        }
    }

    private static func load(_ path: String) -> [MessageIdentity: CrashSuspicion] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [:] }
        defer { _ = close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Int(max(0, lseek(descriptor, 0, SEEK_END))))
        let size = bytes.count
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, size, 0) }
        var suspicions: [MessageIdentity: CrashSuspicion] = [:]
        for line in String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let identity = MessageIdentity(parts[0]) else { continue }
            suspicions[identity] = CrashSuspicion(text: parts[1])
        }
        return suspicions
    }
}

/// Where processes share their suspects. None of its calls throws: without it each process knows its own.
package protocol SharedCrashSuspects: Sendable {
    func add(_ suspects: [(identity: String, suspicion: String)]) async
    func find(_ identities: [String]) async -> [String?]
    func remove(_ identities: [String]) async
}
