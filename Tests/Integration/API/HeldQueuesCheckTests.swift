@testable import FlotillaControlAPI
@testable import FlotillaHTTPServer
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestServers.areAvailable))
struct HeldQueuesCheckTests {
    @Test func `readiness of the API tells which queues are held, and stays ready`() async throws {
        let redis = RedisClient(try RedisConfiguration(url: try TestServers.url("REDIS_URL")), name: "test")
        let held = HeldQueues(redis)
        // Other tests hold queues meanwhile; the list is sorted.
        let (process, queue) = (TestServers.uniqueWord(), "0." + TestServers.uniqueWord())
        let check = FleetChecks.heldQueues(held)
        func problem() async -> String? {
            do { try await check.probe() } catch { return (error as? HealthProblem)?.description }
            return nil
        }
        #expect(
            await held.replace([HeldQueue(queue: queue, sqlState: "42P01", problem: "no table", since: 1)], of: process)
        )
        #expect(await problem()?.hasPrefix("held: \(queue)") == true)
        let report = await Readiness([check]).report()
        #expect(report.status == .degraded)
        #expect(await held.replace([], of: process))
        #expect(await problem()?.contains(queue) != true)
        await redis.close()
    }
}
