import CFlotillaLinux
import Glibc

/// A small memory-mapped file that says which messages are running at this instant.
///
/// The kernel keeps the pages of a process that dies, so the next start reads what was running, and a mark that a
/// fatal signal left. Every execution slot has places of its own, so starting and ending a message are a few stores
/// each, with no lock and no system call.
///
/// Layout, in the machine's own byte order: 64 bytes of header (magic, crash mark, clean mark, slot count), then 32
/// bytes per slot (identity, how it runs, how many ran in its batch).
@safe final class RunningJournal: Sendable {
    /// How a message was running.
    enum Mode: UInt64, Sendable {
        case free = 0
        /// Like everything else.
        case together = 1
        /// A suspect, with nothing else running.
        case alone = 2
        /// A suspect that took so long that the rest went on.
        case accompanied = 3
    }

    struct Entry: Sendable, Hashable {
        let identity: MessageIdentity
        let mode: Mode
        /// How many messages its batch held; 1 outside batches.
        let batchSize: Int
    }

    /// What the former process at this path has left.
    struct PreviousRun: Sendable, Hashable {
        /// The fatal signal, or `nil` for a death without one: `SIGKILL`, or the power.
        let signal: Int32?
        let running: [Entry]
    }

    private static let magic: UInt64 = 0x464c_4f54_4a52_4e31
    private static let headerSize = 64
    private static let slotSize = 32

    let path: String
    private let descriptor: CInt
    private let capacity: Int
    private let length: Int
    private nonisolated(unsafe) let base: UnsafeMutableRawPointer

    /// What the former process at this path left running; empty after a clean end.
    let previousRun: PreviousRun

    /// Opens or makes the file, reads what it says, and starts it anew.
    ///
    /// - Parameters:
    ///   - path: one file per process; a second process gets an error, since the file is locked.
    ///   - capacity: how many messages can run at a time.
    init(path: String, capacity: Int) throws(JournalError) {
        let opened = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw JournalError(path: path, problem: .last) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let problem = String.last
            _ = Glibc.close(opened)
            throw JournalError(path: path, problem: "another worker process uses it (\(problem))", isInUse: true)
        }
        let previousRun = Self.read(opened)
        let length = Self.headerSize + capacity * Self.slotSize
        // Room that is only promised would end the process by SIGBUS at the first store on a full disk.
        let shortage = posix_fallocate(opened, 0, off_t(length))
        guard shortage == 0 else {
            _ = Glibc.close(opened)
            throw JournalError(path: path, problem: shortage == ENOSPC ? Self.shortage(of: length) : .of(shortage))
        }
        guard ftruncate(opened, off_t(length)) == 0,
            let base = unsafe fleet_map_shared(opened, length)
        else {
            let problem = String.last
            _ = Glibc.close(opened)
            throw JournalError(path: path, problem: problem)
        }
        self.path = path
        descriptor = opened
        self.capacity = capacity
        self.length = length
        self.previousRun = previousRun
        unsafe self.base = base
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: length)
        unsafe base.storeBytes(of: Self.magic, as: UInt64.self)
        unsafe base.storeBytes(of: UInt64(capacity), toByteOffset: 24, as: UInt64.self)
    }

    private static func shortage(of length: Int) -> String {
        "the disk is full: \((length + 1_023) / 1_024) KiB are needed"
    }

    deinit {
        _ = unsafe munmap(base, length)
        _ = Glibc.close(descriptor)
    }

    /// From now on a fatal signal of this process is noted in the file. One journal per process can have it.
    func noteFatalSignals() {
        unsafe fleet_mark_crashes_at(base.advanced(by: 8).assumingMemoryBound(to: UInt32.self))
    }

    /// Notes in the place that a message runs.
    func begin(_ identity: MessageIdentity, at place: Int, of batchSize: Int = 1, mode: Mode = .together) {
        guard place < capacity else { return }
        let at = unsafe base.advanced(by: Self.headerSize + place * Self.slotSize)
        unsafe at.storeBytes(of: identity.high, as: UInt64.self)
        unsafe at.storeBytes(of: identity.low, toByteOffset: 8, as: UInt64.self)
        unsafe at.storeBytes(of: UInt64(batchSize), toByteOffset: 24, as: UInt64.self)
        unsafe at.storeBytes(of: mode.rawValue, toByteOffset: 16, as: UInt64.self)
    }

    /// Notes that suspects are no longer alone.
    func accompany(_ places: Range<Int>) { store(.accompanied, in: places) }

    func end(_ places: Range<Int>) { store(.free, in: places) }

    /// Records that the process ends on purpose: nothing that still runs has caused it.
    func markClean() {
        unsafe base.storeBytes(of: 1, toByteOffset: 16, as: UInt64.self)
    }

    private func store(_ mode: Mode, in places: Range<Int>) {
        for place in places.clamped(to: 0..<capacity) {
            let at = unsafe base.advanced(by: Self.headerSize + place * Self.slotSize)
            unsafe at.storeBytes(of: mode.rawValue, toByteOffset: 16, as: UInt64.self)
        }
    }

    private static func read(_ descriptor: CInt) -> PreviousRun {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size >= headerSize else { return PreviousRun(signal: nil, running: []) }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, size, 0) }
        func word(_ offset: Int) -> UInt64 {
            unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
        }
        guard count == size, word(0) == magic, word(16) == 0 else { return PreviousRun(signal: nil, running: []) }
        let signal = Int32(truncatingIfNeeded: word(8) & 0xffff_ffff)
        let slots = min(Int(clamping: word(24)), (size - headerSize) / slotSize)
        let running = (0..<slots).compactMap { slot -> Entry? in
            let at = headerSize + slot * slotSize
            guard let mode = Mode(rawValue: word(at + 16)), mode != .free else { return nil }
            let identity = MessageIdentity(high: word(at), low: word(at + 8))
            return Entry(identity: identity, mode: mode, batchSize: Int(clamping: word(at + 24)))
        }
        return PreviousRun(signal: signal == 0 ? nil : signal, running: running)
    }
}

struct JournalError: Error, CustomStringConvertible {
    let path: String
    let problem: String
    var isInUse = false

    var description: String { "journal \(path): \(problem)" }
}

extension String {
    /// The text of the last error of a system call on this thread.
    fileprivate static var last: String { .of(errno) }

    fileprivate static func of(_ problem: CInt) -> String { unsafe String(cString: strerror(problem)) }
}
