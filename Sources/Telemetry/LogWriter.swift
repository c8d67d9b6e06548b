import FlotillaPlatform
import FoundationEssentials
import Glibc
import Synchronization

/// Writes lines to a descriptor on a thread of its own, so that a reader that stops keeps only this thread.
///
/// Lines wait in a buffer of `capacity` bytes. What does not fit, or meets a reader that has left, is dropped and counted;
/// a line tells how many as soon as writing works again.
package final class LogWriter: Sendable {
    private struct State {
        /// Whole lines, not yet with the thread.
        var pending: [UInt8] = []
        /// How many bytes the thread is writing.
        var writing = 0
        var isScheduled = false
        /// Since the last line that told of it.
        var dropped = 0
        var service = ""
    }

    /// The process's own standard error. What it still holds at the end of the process has a second.
    package static let standardError: LogWriter = {
        atexit { LogWriter.standardError.flush(within: .seconds(1)) }
        return LogWriter(2)
    }()

    /// Larger writes to a pipe are mixed with those of other processes.
    private static let atomicWrite = 4_096

    /// The lines that were dropped.
    package let dropped = Counter()
    private let descriptor: CInt
    private let capacity: Int
    private let thread = ThreadExecutor(name: "log")
    private let state = Mutex(State())

    package init(_ descriptor: CInt, capacity: Int = 4 << 20) {
        self.descriptor = descriptor
        self.capacity = capacity
    }

    deinit { thread.stop() }

    /// Takes a line with its end; never blocks.
    func write(_ line: String, of service: String) {
        let mustSchedule = state.withLock { state in
            guard state.pending.count + state.writing + line.utf8.count <= capacity else {
                state.dropped += 1
                return nil as Bool?
            }
            state.pending += line.utf8
            state.service = service
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        guard let mustSchedule else { return dropped.increment() }
        if mustSchedule { thread.run { self.writeAll() } }
    }

    /// Waits until all lines are written, at most for `limit`.
    package func flush(within limit: Duration) {
        let deadline = ContinuousClock.now + limit
        while state.withLock(\.isScheduled), .now < deadline { usleep(1_000) }
    }

    private func writeAll() {
        while true {
            let lines = state.withLock { state in
                state.writing = state.pending.count
                state.isScheduled = !state.pending.isEmpty
                defer { state.pending = [] }
                return state.pending
            }
            guard !lines.isEmpty else { return }
            let isWritten = write(lines[...])
            let report = state.withLock { state in
                state.writing = 0
                guard isWritten, state.dropped > 0 else { return nil as (lines: Int, text: String)? }
                defer { state.dropped = 0 }
                return (state.dropped, Self.report(state.dropped, of: state.service))
            }
            // One that is not read is no line of the process: it is told again, and not counted itself.
            if let report, !writePiece(Array(report.text.utf8)[...]) {
                state.withLock { $0.dropped += report.lines }
            }
        }
    }

    /// Writes as many whole lines at a time as go into one piece; false when the reader has left.
    private func write(_ lines: ArraySlice<UInt8>) -> Bool {
        var rest = lines
        while !rest.isEmpty {
            let piece = Self.piece(of: rest)
            guard writePiece(piece) else {
                lose(rest.count { $0 == UInt8(ascii: "\n") })
                return false
            }
            rest = rest[piece.endIndex...]
        }
        return true
    }

    private static func piece(of lines: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard lines.count > atomicWrite else { return lines }
        let end =
            lines.prefix(atomicWrite).lastIndex(of: UInt8(ascii: "\n")) ?? lines.firstIndex(of: UInt8(ascii: "\n"))
        return end.map { lines[...$0] } ?? lines
    }

    private func writePiece(_ piece: ArraySlice<UInt8>) -> Bool {
        var rest = piece
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&ready, 1, -1)
            } else {
                return false
            }
        }
        return true
    }

    private func lose(_ lines: Int) {
        dropped.increment(by: lines)
        state.withLock { $0.dropped += lines }
    }

    private static func report(_ count: Int, of service: String) -> String {
        Log.line(.warning, "log lines were dropped, since they were not read", service, nil, ["lines": .integer(count)])
    }
}
