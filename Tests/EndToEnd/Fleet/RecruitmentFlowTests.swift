import Foundation
import Testing

extension FleetTests {
    /// The script that follows a profile by AMQP and HTTP alone, as other services would.
    private static let flows = URL(filePath: FleetFixture.queuesFile).deletingLastPathComponent()
        .appending(path: "examples/recruitment/flows.py").path

    @Test(.timeLimit(.minutes(5)))
    func `a profile goes through validation and consultation, and every station on the way is reached`() async throws {
        let fleet = try await FleetFixture.current()
        try await fleet.withAPI { port, key in
            let environment = [
                "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "RABBITMQ_URL": fleet.addresses["RABBITMQ_URL"] ?? "",
                "FLOTILLA_KEY": key,
            ]
            func run(timeout: Int) async throws -> Program.Output {
                let arguments = [Self.flows, "--url", "http://127.0.0.1:\(port)", "--timeout", "\(timeout)"]
                return try await Program.output(of: "/usr/bin/python3", arguments, environment: environment)
            }
            // With nobody there to do the work, it says where it ends.
            let alone = try await run(timeout: 1)
            #expect(alone.status == 1 && alone.messages.contains("the candidate is welcomed by mail"))
            try await fleet.withWorkers { _ in
                let output = try await run(timeout: 60)
                #expect(output.status == 0, "\(output.messages)")
                #expect(output.text.count { $0 == "✓" } == 20, "\(output.text)")
            }
        }
    }
}
