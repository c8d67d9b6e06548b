import FlotillaTestSupport
import Testing

extension FleetTests {
    @Test(.timeLimit(.minutes(5)))
    func `the API answers probes at a port of their own, without a key`() async throws {
        let fleet = try await FleetFixture.current()
        let probePort = try FreePort.find()
        func status(_ path: String, at port: UInt16) async throws -> Int? {
            let client = try RawClient(port: port)
            client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return await client.response()?.status
        }
        try await fleet.withAPI(options: ["--probe-port", "\(probePort)"]) { port, _ in
            try await eventually("it is ready", within: .seconds(60)) {
                try await status("/health/ready", at: probePort) == 200
            }
            for path in ["/health", "/health/live", "/metrics"] {
                #expect(try await status(path, at: probePort) == 200, "\(path)")
            }
            #expect(try await status("/metrics", at: port) == 401)
            #expect(try await status("/api/v1/jobs", at: probePort) == 404)
        }
    }
}
