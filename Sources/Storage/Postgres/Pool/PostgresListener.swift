import FlotillaPlatform
import CFlotillaPostgres
import Glibc
import Synchronization

/// A connection that only listens, on a thread of its own; it connects again until it is stopped.
final class PostgresListener: Sendable {
    private let configuration: PostgresConfiguration
    private let channel: String
    private let continuation: AsyncStream<Void>.Continuation
    private let executor: ThreadExecutor
    private let wake = WakeSignal()
    private let isStopped = Atomic(false)

    init(
        _ configuration: PostgresConfiguration,
        channel: String,
        name: String,
        _ continuation: AsyncStream<Void>.Continuation
    ) {
        precondition(channel.utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0.isLetterOrDigit }, "channel \(channel)")
        self.configuration = configuration
        self.channel = channel
        self.continuation = continuation
        executor = ThreadExecutor(name: name)
    }

    deinit { executor.stop() }

    func start() { executor.run { self.loop() } }

    /// Ends the stream and the connection.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.signal()
        continuation.finish()
    }

    /// Ends the connection for a new one.
    func renew() { wake.signal() }

    private func loop() {
        var backoff = ReconnectBackoff()
        while !isStopped.load(ordering: .acquiring) {
            do {
                let handle = try ConnectionHandle.connect(configuration, givingUpOn: wake)
                try subscribe(handle)
                backoff.reset()
                continuation.yield()
                try relay(handle)
            } catch {
                wake.reset()
                guard !isStopped.load(ordering: .acquiring) else { break }
                let pause = backoff.next(chance: .random(in: 0...1))
                _ = Descriptors.wait(for: 0, on: -1, or: wake, until: .now + pause)
            }
        }
        executor.stop()
    }

    private func subscribe(_ handle: borrowing ConnectionHandle) throws(PostgresError) {
        guard handle.sendOnce("LISTEN \(channel)"), handle.sendSync() else {
            throw .unavailable("listen", handle.problem)
        }
        let deadline = ContinuousClock.now + configuration.replyTimeout
        while true {
            guard let mustSend = handle.flush() else { throw .unavailable("listen", handle.problem) }
            switch handle.next() {
            case .result(let result):
                if result.status == PGRES_FATAL_ERROR { throw result.error("listen") }
                if result.status == PGRES_PIPELINE_SYNC { return }
            case .end: break
            case .busy:
                try wait(handle, for: Int16(POLLIN) | (mustSend ? Int16(POLLOUT) : 0), until: deadline)
            }
        }
    }

    /// Passes notifications on until the connection is lost or the listener stopped.
    private func relay(_ handle: borrowing ConnectionHandle) throws(PostgresError) {
        while true {
            if handle.takeNotifications() { continuation.yield() }
            try wait(handle, for: Int16(POLLIN), until: .now + .seconds(3_600))
            guard handle.isConnected else { throw .unavailable("listen", handle.problem) }
        }
    }

    private func wait(
        _ handle: borrowing ConnectionHandle,
        for events: Int16,
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        let ready = Descriptors.wait(for: events, on: handle.socket, or: wake, until: deadline)
        if ready.isWoken { throw .cancelled("listen") }
        if ready.hasEvent, !handle.consume() { throw .unavailable("listen", handle.problem) }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
    }
}
