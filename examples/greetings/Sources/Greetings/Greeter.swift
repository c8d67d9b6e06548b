public import FlotillaModels
import FlotillaStorage
import Foundation
public import Workers

/// Writes a greeting for every new user, once, and says so with `greeting.written`.
public struct Greeter: Worker {
    public static let name = "greetings"
    public static let events = ["user.created"]

    public struct Payload: Decodable, Sendable {
        let email: String
        let name: String?
    }

    public init() {}

    public func handle(_ user: Payload, in context: MessageContext) async throws -> Outcome {
        guard user.email.contains("@") else {
            throw PermanentError(type: "bad_address", message: "\(user.email) is no address")
        }
        let text = "Welcome, \(user.name ?? user.email)!"
        let event = try JSONEncoder().encode(["email": user.email])
        // The row and the event commit together, or not at all; a duplicate of the message runs none of it.
        _ = try await context.transaction { transaction in
            try await transaction.execute(
                SQLStatement(
                    "INSERT INTO greetings (email, text) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING",
                    [.text(user.email), .text(text)]
                )
            )
            transaction.publish(OutgoingEvent(name: "greeting.written", body: Array(event)))
        }
        return .done
    }
}
