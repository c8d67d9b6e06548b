package import Foundation

/// The servers that a test run is given through its environment.
package enum TestServers {
    /// Suites that need servers are skipped without them, but not under `CI`, where they have to fail.
    package static let areAvailable =
        ProcessInfo.processInfo.environment["CI"] != nil
        || ["RABBITMQ_URL", "DATABASE_URL", "REDIS_URL"].allSatisfy { ProcessInfo.processInfo.environment[$0] != nil }

    package static func url(_ name: String) throws -> String {
        guard let url = ProcessInfo.processInfo.environment[name] else {
            throw TestSetupError(description: "\(name) is not set; run make test, which starts the servers")
        }
        return url
    }

    /// Where homes of tests are made; the paths of their sockets have to stay short.
    package static let homes = ProcessInfo.processInfo.environment["FLOTILLA_TEST_HOMES"] ?? "/tmp"

    /// A word of its own for each test: lower-case letters and digits.
    package static func uniqueWord() -> String {
        "t" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "").prefix(12)
    }

    /// The folder of the programs that were built with the tests.
    package static let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
}
