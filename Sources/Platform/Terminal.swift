import Glibc
import Synchronization

/// The terminal behind a descriptor, if there is one.
package enum Terminal {
    package static func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }

    /// Nil when it is no terminal, or one that doesn't tell.
    package static func columns(of descriptor: CInt) -> Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Whether the process goes on when nobody reads its output any more. A command has nothing left to do then, and ends
    /// as it would by SIGPIPE.
    private static let outlivesReader = Atomic(false)
    private static let thread = ThreadExecutor(name: "terminal")
    /// What the thread has still to write.
    private static let pending = Atomic(0)

    /// From now on neither a reader that stops nor one that leaves keeps the process from its work. What is unwritten at its
    /// end has a second.
    package static func outliveReader() {
        guard !outlivesReader.exchange(true, ordering: .relaxed) else { return }
        atexit {
            let deadline = ContinuousClock.now + .seconds(1)
            while Terminal.pending.load(ordering: .acquiring) > 0, .now < deadline { usleep(1_000) }
        }
    }

    /// Writes all of the text, and gives up silently when nobody reads any more.
    package static func write(_ text: String, to descriptor: CInt) { write(Array(text.utf8), to: descriptor) }

    /// Writes all of the bytes, whatever they are.
    package static func write(_ bytes: [UInt8], to descriptor: CInt) {
        guard outlivesReader.load(ordering: .relaxed) else { return writeNow(bytes, to: descriptor) }
        pending.add(1, ordering: .relaxed)
        thread.run {
            writeNow(bytes, to: descriptor)
            pending.subtract(1, ordering: .releasing)
        }
    }

    private static func writeNow(_ bytes: [UInt8], to descriptor: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EPIPE && descriptor == 1 && !outlivesReader.load(ordering: .relaxed) {
                exit(128 + SIGPIPE)
            }
            if count < 0 && errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&ready, 1, -1)
                continue
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
