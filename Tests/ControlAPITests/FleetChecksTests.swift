@testable import FlotillaControlAPI
@testable import FlotillaHTTPServer
import FlotillaMessaging
import FlotillaTestSupport
import FlotillaModels
import FlotillaModules
import FlotillaPlatform
import FlotillaTelemetry
import Synchronization
import Testing

struct FleetChecksTests {
    private let queues = ["a", "b", "c"]

    private func problem(_ consumers: [String: Int]) -> String? {
        FleetChecks.problem(of: queues, consumers.mapValues { QueueDepth(ready: 7, consumers: $0) })
    }

    @Test func `readiness says that no worker runs, which queues have none, and which are missing`() {
        #expect(problem(["a": 1, "b": 2, "c": 1]) == nil)
        #expect(problem(["a": 0, "b": 0, "c": 0]) == "no worker runs")
        #expect(problem(["a": 1, "b": 0, "c": 0]) == "no worker takes b, c")
        #expect(problem(["a": 0, "b": 0]) == "queues are missing: c")
    }

    @Test func `what only some routes depend on makes the API degraded, and says why`() async {
        let dependencies = [("auth-service", "it is left alone"), ("other", nil)].map { name, problem in
            RouteDependency(name) { problem }
        }
        let report = await Readiness(dependencies.map(FleetChecks.dependency)).report()
        #expect(report.status == .degraded)
        #expect(report.dependencies.map(\.problem) == ["it is left alone", nil])
    }

    @Test func `a missing queue ends the look, and is not asked for again for a while`() async throws {
        let broker = CountingBroker(queues: ["a"])
        let check = FleetChecks.workers(queues, on: broker)
        for _ in 0..<5 {
            let problem = await #expect(throws: HealthProblem.self) { try await check.probe() }
            #expect(problem?.description == "queues are missing: b")
        }
        #expect(broker.asked.withLock { $0 } == ["a", "b"])
    }

    @Test func `a missing queue that is there again is seen`() async throws {
        let broker = CountingBroker(queues: ["a"])
        let check = FleetChecks.workers(queues, on: broker, every: .zero)
        await #expect(throws: HealthProblem.self) { try await check.probe() }
        broker.queues.withLock { $0 = ["a", "b", "c"] }
        try await check.probe()
    }

    @Test(
        arguments: [
            (PublisherCondition.connected, nil), (.disconnected(reason: "refused"), "no connection"),
            (.blocked(reason: "low on disk"), "alarm, nothing is taken in: low on disk"),
        ] as [(PublisherCondition, String?)]
    )
    func `an alarm of the broker and a lost connection are told`(
        condition: PublisherCondition,
        problem: String?
    ) async throws {
        let check = FleetChecks.broker(StillPublisher(condition: condition))
        do {
            try await check.probe()
            #expect(problem == nil)
        } catch { #expect((error as? HealthProblem)?.description == problem) }
    }

    @Test func `open breakers of other processes are told, and a process that does not answer`() async throws {
        let metrics = Metrics()
        let breaker = metrics.gauge("flotilla_breaker_open", "", ["dependency": "smtp"])
        let log = Log(service: "test", threshold: .error, descriptor: -1)
        let server = try ProbeServer.start(port: 0, readiness: Readiness([]), metrics: metrics, log: log)
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: Int(server.port))
        let check = FleetChecks.breakers(of: [MetricsPeer(name: "worker", endpoint: endpoint)])
        func problem() async -> String? {
            do { try await check.probe() } catch { return (error as? HealthProblem)?.description }
            return nil
        }
        breaker.set(1)
        // A process short of processor time may not answer at the first look.
        try await eventually("the open breaker is told") { await problem() == "worker waits for smtp" }
        breaker.set(0)
        try await eventually("it is closed") { await problem() == nil }
        await server.stop()
        let gone = await #expect(throws: HealthProblem.self) { try await check.probe() }
        #expect(gone?.description == "worker does not answer")
    }

    @Test func `whatever is wrong with the fleet, what can be taken in makes the API ready`() async {
        let publisher = StillPublisher(condition: .blocked(reason: "low on disk"))
        let peer = MetricsPeer(name: "worker", endpoint: .tcp(host: "127.0.0.1", port: 1))
        let checks = [
            FleetChecks.broker(publisher), FleetChecks.workers(queues, on: CountingBroker(queues: [])),
            FleetChecks.breakers(of: [peer]),
        ]
        let report = await Readiness(checks).report()
        #expect(report.dependencies.map(\.isUp) == [false, false, false])
        #expect(report.status == .degraded)
    }

    @Test func `long lists are cut`() {
        let many = (1...9).map { "q\($0)" }
        #expect(FleetChecks.problem(of: many, [:]) == "queues are missing: q1, q2, q3, q4, q5 and 4 more")
    }
}

/// Has a condition, and takes nothing.
private struct StillPublisher: MessagePublisher {
    let condition: PublisherCondition

    func publish(_ messages: [OutgoingMessage]) async -> [PublishResult] {
        messages.map { _ in .unconfirmed(reason: "a test's") }
    }

    func close() async {}
}

/// Has some queues with a consumer each, and notes which it is asked about.
private final class CountingBroker: Broker {
    private struct NotMade: Error {}

    let queues: Mutex<Set<String>>
    let asked = Mutex<[String]>([])

    init(queues: Set<String>) { self.queues = Mutex(queues) }

    func publisher(named name: String) async throws -> any MessagePublisher { throw NotMade() }

    func consumer(named name: String, of subscriptions: [Subscription]) async throws -> any MessageConsumer {
        throw NotMade()
    }

    func depths(of names: [String]) async throws -> [String: QueueDepth] {
        asked.withLock { $0 += names }
        let there = queues.withLock { $0 }.intersection(names)
        return Dictionary(uniqueKeysWithValues: there.map { ($0, QueueDepth(ready: 0, consumers: 1)) })
    }

    func close() async {}
}
