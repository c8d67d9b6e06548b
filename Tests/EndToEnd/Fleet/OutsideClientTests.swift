import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

extension FleetTests {
    @Test func `an event sent by amqp-publish becomes an audit row and a decrement within a second`() async throws {
        try await expectEffects { url, body in
            let arguments = ["-u", url, "-e", "fleet.topic", "-r", "profile.viewed", "-b", body]
            return ("/usr/bin/amqp-publish", arguments)
        }
    }

    @Test(.enabled(if: hasPika, "python3-pika is not installed: ops/setup.sh --test"))
    func `an event sent by pika becomes an audit row and a decrement within a second`() async throws {
        let script = """
            import pika, sys
            connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
            channel = connection.channel()
            channel.confirm_delivery()
            channel.basic_publish("fleet.topic", "profile.viewed", sys.argv[2].encode(), mandatory=True)
            connection.close()
            """
        try await expectEffects { url, body in ("/usr/bin/python3", ["-c", script, url, body]) }
    }

    private static let hasPika = (try? Program.waitForExitCode(of: "/usr/bin/python3", ["-c", "import pika"])) == 0

    /// Runs a client that publishes the view of a profile, and looks for what came of it.
    private func expectEffects(of client: (_ url: String, _ body: String) -> (String, [String])) async throws {
        let fleet = try await FleetFixture.current()
        try await fleet.withWorkers { _ in
            // The first messages of a process find nothing connected and nothing prepared.
            let warmUp = Load(count: 10)
            try await fleet.publish(warmUp)
            try await fleet.waitForEffects(of: warmUp, within: .seconds(60))
            let company = TestServers.uniqueWord() + "-c0"
            let body = #"{"companyId":"\#(company)","profileId":"p1"}"#
            let (program, arguments) = client(fleet.addresses["RABBITMQ_URL"] ?? "", body)
            #expect(try await Program.exitCode(of: program, arguments) == 0)
            let published = ContinuousClock.now
            try await eventually("the effects") {
                let rows = try await fleet.count(
                    "SELECT count(*) FROM audit_logs WHERE event = 'profile.viewed' AND body = $1",
                    .text(body)
                )
                let used = try await fleet.count(
                    "SELECT coalesce(sum(used), 0)::int8 FROM quotas WHERE company_id = $1",
                    .text(company)
                )
                return rows == 1 && used == 1
            }
            #expect(.now - published < .seconds(1))
        }
    }
}
