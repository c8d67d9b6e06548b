import Glibc

/// An open connection to the broker: its handle, its heartbeats, and the watchdog of its calls.
///
/// Confined to the actor that opened it. A connection that has thrown is not used again; a new one is opened.
final class BrokerConnection {
    let handle: ConnectionHandle
    let descriptor: CInt
    let maximumFrameSize: Int
    private var assembler = ContentAssembler()
    private var heartbeats: HeartbeatMonitor
    private let watchdog: SendWatchdog

    init(_ configuration: RabbitMQConfiguration, name: String) throws(AMQPError) {
        let handle = try ConnectionHandle.open(configuration, name: name)
        let interval = try handle.takeOverHeartbeats()
        descriptor = handle.descriptor
        maximumFrameSize = handle.maximumFrameSize
        let heartbeats = HeartbeatMonitor(interval: interval, now: .now)
        self.heartbeats = heartbeats
        watchdog = SendWatchdog(descriptor: descriptor, limit: interval == .zero ? .seconds(20) : heartbeats.tolerance)
        self.handle = handle
    }

    deinit { watchdog.forget() }

    /// How often ``keepAlive(at:)`` has to be called.
    var period: Duration { heartbeats.period }

    /// The next thing that the broker has sent, or `nil` when nothing is there.
    func next() throws(AMQPError) -> BrokerEvent? { try handle.next(&assembler) }

    /// To be called when the socket had something to read: whatever it was, the peer is alive.
    func received() { heartbeats.received(at: .now) }

    /// Makes calls that send, under the watchdog. `progress` has to be called within every two heartbeats.
    func sending<R>(_ body: (borrowing ConnectionHandle) throws(AMQPError) -> R) throws(AMQPError) -> R {
        watchdog.began()
        defer {
            watchdog.ended()
            heartbeats.sent(at: .now)
        }
        return try body(handle)
    }

    func progressed() { watchdog.progressed() }

    /// Sends a heartbeat when one is due; throws when the broker has been silent for too long.
    func keepAlive(at now: ContinuousClock.Instant) throws(AMQPError) {
        switch heartbeats.action(at: now) {
        case .nothing: return
        case .giveUp:
            // The descriptor may be readable: then the peer is alive and this thread was late.
            if handle.readiness().isReadable { return heartbeats.received(at: now) }
            throw AMQPError(
                code: .timeout,
                operation: "keep the connection alive",
                detail: "the broker has been silent for \(heartbeats.tolerance)"
            )
        case .send:
            // A socket that takes nothing would block; what fills it keeps the connection alive as well.
            guard handle.readiness().isWritable else { return }
            try sending { handle throws(AMQPError) in try handle.sendHeartbeat() }
        }
    }

    func close() {
        watchdog.began()
        defer { watchdog.ended() }
        handle.close()
    }
}
