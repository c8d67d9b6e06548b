import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import Foundation
import Testing

extension FleetFaultTests {
    /// The most memory that the process has had so far, in MiB.
    private func peak(of worker: FleetWorker) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(worker.process.processID)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 / 1_024 } ?? 0
    }

    @Test(.timeLimit(.minutes(10)))
    func `large messages that wait take bounded memory, and their small neighbours pay no attempt`() async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let padding = String(repeating: "x", count: 1 << 20)
        for number in 0..<160 {
            let large = OutgoingMessage.event("big.seen", id: "\(word)-b\(number)", #"{"pad":"\#(padding)"}"#)
            let small = OutgoingMessage.event("small.seen", id: "\(word)-s\(number)", #"{"n":\#(number)}"#)
            let results = await fleet.publisher.publish([large, small])
            let areConfirmed = results.allSatisfy { $0.isConfirmed }
            #expect(areConfirmed)
        }
        try await fleet.withWorkers(settings: ["FLOTILLA_BODY_BUDGET": "8MiB"]) { workers in
            try await eventually("all are audited", within: .seconds(300), every: .milliseconds(200)) {
                try await fleet.auditRows(word) == 320
            }
            #expect(try await workers[0].sum(of: "flotilla_jobs_retried_total") == 0)
            #expect(try await workers[0].sum(of: "flotilla_jobs_dead_lettered_total") == 0)
            // The bodies alone are 160 MiB.
            let peak = try peak(of: workers[0])
            #expect(peak < 200, "\(peak) MiB")
        }
    }
}
