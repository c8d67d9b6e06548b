@testable import FlotillaDeadLetters
import Workers

extension DeadLetters {
    /// Lets an observer do what the keeper would let it do about the dead letters.
    func tell(_ observer: some DeadLetterObserver, of letters: [DeadLetter]) async throws {
        try await tell([observer], of: letters, eventExchange: "fleet.topic")
    }
}
