import FlotillaModels
import FlotillaPlatform
import FlotillaTelemetry
import Synchronization

/// Large bodies: reading stops while the process holds too many.
extension RabbitMQConsumer {
    /// Whether something is waited for that comes behind the deliveries.
    var mustRead: Bool { readsNext || isAnswerAwaited }

    var isAnswerAwaited: Bool { subscriptions.contains(where: \.isStopping) }

    func heldCounted(_ bytes: Int) {
        collectedBytes += bytes
        if collectedBytes >= Self.bytesPerEvent { yieldCollected() }
        if !mustRead, bodies.isFull { setReadingPaused(true) }
    }

    func keepsWithoutRoom() -> Bool {
        guard !isAnswerAwaited, keptWithoutRoom < Self.slack else { return false }
        keptWithoutRoom += 1
        return true
    }

    /// While an answer is waited for, and once the slack is used up, what is too much goes back.
    func returnUnread(_ tag: UInt64) {
        readsNext = false
        if !isAnswerAwaited { setReadingPaused(true) }
        acknowledgements.settle(tag, as: .requeue)
        executor.run { [weak self] in self?.assumeIsolated { $0.sendAcknowledgements() } }
    }

    func readingPaused() {
        if saidFullAt.map({ .now - $0 > .seconds(60) }) ?? true {
            saidFullAt = .now
            connectionState.log?.info(
                "the messages in work are as large as memory allows; reading on as they end",
                ["connection": .string(connectionState.name)]
            )
        }
        bodies.whenRoom { [weak self, executor] in
            executor.run { [weak self] in self?.assumeIsolated { $0.resumeReading() } }
        }
    }

    func resumeReading() {
        guard isReadingPaused else { return }
        if !bodies.isFull { keptWithoutRoom = 0 }
        setReadingPaused(false)
        watchAndRead()
    }

    func setReadingPaused(_ isPaused: Bool) {
        isReadingPaused = isPaused
        pausedAt = .now
        mailbox.withLock { $0.isStalled = isPaused }
    }
}
