@testable import FlotillaDeadLetters
import Workers

extension DeadLetterStore {
    /// Lets an observer do what the keeper would let it do about the dead letters.
    func tell(_ observer: some DeadLetterObserver, of deadLetters: [DeadLetter]) async throws {
        let concerned = deadLetters.filter { observer.queues.contains($0.queue) }
        guard !concerned.isEmpty else { return }
        try await tell(observer, of: concerned.map(\.deadMessage), "fleet.topic")
    }
}
