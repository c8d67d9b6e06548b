@testable import FlotillaHTTPServer
import Testing

struct ReadinessTests {
    private struct Secret: Error {}

    @Test func `a needed dependency that fails makes the process unavailable, another one only degraded`() async {
        struct Down: Error {}
        let up = HealthCheck("up", isNeeded: true) {}
        let extra = HealthCheck("extra", isNeeded: false) { throw Down() }
        let needed = HealthCheck("needed", isNeeded: true) { throw Down() }
        #expect(await Readiness([up]).report().status == .ready)
        #expect(await Readiness([up, extra]).report().status == .degraded)
        let report = await Readiness([needed, up]).report()
        #expect(report.status == .unavailable)
        #expect(report.dependencies.map(\.name) == ["needed", "up"])
    }

    @Test func `a dependency that never answers is down`() async {
        let stuck = HealthCheck("stuck", isNeeded: true) {
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        }
        #expect(await Readiness([stuck]).report().status == .unavailable)
    }

    @Test func `what is down says why, whatever the check did, and shows no error's text`() async {
        let readiness = Readiness([
            HealthCheck("silent", isNeeded: false) { try await Task.sleep(for: .seconds(600)) },
            HealthCheck("throwing", isNeeded: false) { throw Secret() },
            HealthCheck("telling", isNeeded: false) { throw HealthProblem("no worker runs") },
            HealthCheck("sound", isNeeded: true) {},
        ])
        let report = await readiness.report()
        #expect(report.status == .degraded)
        #expect(
            report.dependencies.map(\.problem) == [
                "no answer within 2 s", "does not work; see the process's log", "no worker runs", nil,
            ]
        )
    }
}
