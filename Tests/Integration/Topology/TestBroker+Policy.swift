import FlotillaMessaging
import FlotillaTestSupport
import Foundation
import Testing

extension TestBroker {
    /// Sets the test's policy, or removes it with `nil`.
    ///
    /// - Parameter kind: `policies` or `operator-policies`.
    func setPolicy(_ kind: String, _ json: String?) async throws {
        let address = try #require(ProcessInfo.processInfo.environment["RABBITMQ_MANAGEMENT_URL"])
        let host = configuration.virtualHost.replacing("/", with: "%2F")
        let request = ["-sf", "-X", json == nil ? "DELETE" : "PUT", "\(address)/api/\(kind)/\(host)/\(name)"]
        let body = json.map { ["-H", "content-type: application/json", "-d", $0] } ?? []
        let status = try await offPool {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/curl")
            process.arguments = request + body
            try process.run()
            process.waitUntilExit()
            return process.terminationStatus
        }
        #expect(status == 0)
    }

    func removeLimit() async throws { try await setPolicy("policies", nil) }

    /// Limits one queue to a number of messages, beyond which it refuses.
    func limit(_ queue: String, to length: Int) async throws {
        let pattern = queue.replacing(".", with: "\\\\.")
        try await setPolicy("policies", #"{"pattern":"^\#(pattern)$","definition":{"max-length":\#(length)}}"#)
    }
}
