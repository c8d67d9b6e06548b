import FlotillaControlAPI
import FlotillaHTTPServer
import FlotillaModules
import FlotillaStorage
import FlotillaTestSupport
import Testing

/// A database that neither answers nor hangs up: its processes are stopped.
@Suite(.enabled(if: PostgresServer.isAvailable))
struct APISilentPostgresTests {
    @Test func `while Postgres is silent a request is 503 in three seconds, and what needs it not is answered`()
        async throws
    {
        try await PostgresServer.with { server in
            let configuration = try PostgresConfiguration(url: server.url).forRequests
            let pool = PostgresPool(configuration, size: 4, name: "test", waitLimit: APIProcess.waitLimit)
            _ = try await Migrations.apply(to: pool, FleetProgram.schema())
            try await APIFixture.with(pool) { api in
                let job = #"{"type":"audit.write","payload":{}}"#
                try await eventually("the key is known") {
                    try await api.call("POST", "/api/v1/jobs", job).status == 202
                }
                try server.freeze()
                let clock = ContinuousClock()
                var times: [Duration] = []
                let frozenAt = clock.now
                // For longer than a key is fresh.
                while clock.now - frozenAt < .seconds(8)
                    || (times.count < 6 && times.allSatisfy { $0 >= .seconds(8) })
                {
                    let start = clock.now
                    let response = try await api.call("POST", "/api/v1/jobs", job)
                    times.append(clock.now - start)
                    #expect(response.status == 503)
                    #expect(response.header("Retry-After") != nil)
                }
                // A busy machine may delay most of them; it was thirty seconds for each.
                #expect(times.contains { $0 < .seconds(8) }, "\(times)")
                let stranger = APIKey().revealed
                let others: [(String, String?)] = [
                    ("/api/v1/jobs", nil), ("/api/v1/jobs", stranger), ("/metrics", stranger),
                ]
                for (path, key) in others {
                    try await expectUnavailable(path, key, api)
                }
                for path in ["/metrics", "/openapi.json", "/health/live"] {
                    let start = clock.now
                    #expect(try await api.call("GET", path).status == 200)
                    #expect(clock.now - start < .seconds(12), "\(path)")
                }
                try server.thaw()
                try await eventually("jobs are taken in again") {
                    try await api.call("POST", "/api/v1/jobs", job).status == 202
                }
            }
            await pool.close()
        }
    }

    /// It is 503 in three seconds; a busy machine may take longer, and much longer for single requests.
    private func expectUnavailable(_ path: String, _ key: String?, _ api: APIFixture) async throws {
        var times: [Duration] = []
        repeat {
            let start = ContinuousClock.now
            #expect(try await api.call("GET", path, key: key).status == 503, "\(path)")
            times.append(.now - start)
        } while times.count < 6 && times.allSatisfy { $0 >= .seconds(8) }
        #expect(times.contains { $0 < .seconds(8) }, "\(path): \(times)")
    }
}
