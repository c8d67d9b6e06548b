@testable import FlotillaDeadLetters
import Workers

extension DeadLetterStore {
    /// Lets an observer do what the keeper would let it do about the dead letters.
    func tell(_ observer: some DeadLetterObserver, of deadLetters: [DeadLetter]) async throws {
        try await tell([observer], of: deadLetters, eventExchange: "fleet.topic")
    }
}
