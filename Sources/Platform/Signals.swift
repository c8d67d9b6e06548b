import CFlotillaLinux
import Glibc

/// The signals that ask a process to end, as values.
package enum Signals {
    /// From now on a write to a reader that has left fails, where it would end the process; unless the program has a
    /// handler of its own.
    package static func ignoreBrokenPipes() {
        var current = sigaction()
        guard unsafe sigaction(SIGPIPE, nil, &current) == 0, unsafe current.__sigaction_handler.sa_handler == nil else {
            return
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Yields each of the signals when it arrives, from now on in place of its default action.
    ///
    /// There is one stream per process: a second call takes over from the first.
    package static func stream(of signals: [CInt]) throws(SystemError) -> AsyncStream<CInt> {
        let descriptor = unsafe fleet_signals_to_descriptor(signals, CInt(signals.count))
        guard descriptor >= 0 else { throw SystemError("watch signals") }
        let (stream, continuation) = AsyncStream.makeStream(of: CInt.self)
        let thread = ThreadExecutor(name: "signals")
        thread.watch(descriptor) {
            var bytes = [UInt8](repeating: 0, count: 16)
            let count = unsafe read(descriptor, &bytes, bytes.count)
            for byte in bytes.prefix(max(0, count)) { continuation.yield(CInt(byte)) }
        }
        continuation.onTermination = { _ in thread.stop() }
        return stream
    }
}
