import FlotillaMessaging
import FlotillaStorage
import Greetings
import Testing
import WorkerTestKit

struct GreeterTests {
    /// The real queue file, so that a mistake in it fails here.
    private func fleet() throws -> TestFleet {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let fleet = try TestFleet(topology: TopologyFile.load(from: "/\(folder)/queues.yaml"))
        try fleet.register(Greeter())
        return fleet
    }

    @Test func `a new user is greeted once, however often the event comes`() async throws {
        let fleet = try fleet()
        for _ in 0..<3 {
            try await fleet.publish("user.created", body: #"{"email": "ada@example.org", "name": "Ada"}"#, id: "1")
        }
        try await fleet.waitUntilSettled()
        #expect(fleet.statements.map(\.values) == [[.text("ada@example.org"), .text("Welcome, Ada!")]])
        #expect(fleet.events.map(\.routingKey) == ["greeting.written"])
    }

    @Test func `a user without an address is a dead letter that says so`() async throws {
        let fleet = try fleet()
        try await fleet.publish("user.created", body: #"{"name": "Ada"}"#)
        try await fleet.publish("user.created", body: #"{"email": "nowhere"}"#)
        try await fleet.waitUntilSettled()
        let deadLetters = fleet.deadLetters(of: "greetings.user.created")
        #expect(Set(deadLetters.map(\.errorType)) == ["invalid_payload", "bad_address"])
        #expect(deadLetters.contains { $0.errorMessage.hasPrefix("email") })
        #expect(fleet.events.isEmpty)
    }
}
