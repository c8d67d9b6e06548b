import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Synchronization
import Testing

@testable import Workers

/// A fleet ends what its modules hold exactly once, however it comes to its end.
@Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable))
struct FleetModulesTests {
    private struct Greeter: Worker {
        struct Payload: Decodable, Sendable {}

        static let name = "w"
        static let events: [String] = []

        func handle(_ payload: Payload, in context: MessageContext) async throws -> Outcome { .done }
    }

    private struct Refusal: Error {}

    /// Notes the names of modules in the order in which they are closed.
    private final class Closings: Sendable {
        private let names = Mutex<[String]>([])
        /// What the last module was started with.
        let broker = Mutex<(any Broker)?>(nil)

        var all: [String] { names.withLock { $0 } }

        func note(_ name: String) { names.withLock { $0.append(name) } }
    }

    private struct Module: FleetModule {
        let name: String
        let closings: Closings
        var workers = 0
        var isRefused = false

        func start(in context: ModuleContext) async throws -> ModuleParts {
            closings.broker.withLock { $0 = context.broker }
            if isRefused { throw Refusal() }
            return ModuleParts(
                workers: (0..<workers).map { _ in WorkerRegistration(Greeter()) },
                close: { [closings, name] in closings.note(name) }
            )
        }
    }

    private struct Fixture: Sendable {
        let broker: TestBroker
        let configuration: FleetConfiguration
        let closings = Closings()

        static func with(_ body: (Fixture) async throws -> Void) async throws {
            try await TestBroker.with { broker in
                try await TestDatabase.with { database in
                    let topology = broker.topology([broker.queue("a")])
                    try await broker.deploy(topology)
                    let folder = FileManager.default.temporaryDirectory.appending(path: "modules.\(UUID().uuidString)")
                    defer { try? FileManager.default.removeItem(at: folder) }
                    try await body(
                        Fixture(
                            broker: broker,
                            configuration: FleetConfiguration(
                                topology: topology,
                                rabbitMQ: try TestServers.url("RABBITMQ_URL"),
                                postgres: database.url,
                                stateFolder: folder.path,
                                relaysOutbox: false,
                                log: Log(service: "test", threshold: .error, descriptor: -1)
                            )
                        )
                    )
                }
            }
        }

        func module(_ name: String, workers: Int = 0) -> Module {
            Module(name: name, closings: closings, workers: workers)
        }
    }

    @Test func `modules that have started are closed when a later one can't start, the last first`() async throws {
        try await Fixture.with { fixture in
            var refused = fixture.module("c")
            refused.isRefused = true
            await #expect(throws: Refusal.self) {
                try await Fleet(
                    fixture.configuration,
                    modules: [fixture.module("a"), fixture.module("b"), refused, fixture.module("d")]
                )
            }
            #expect(fixture.closings.all == ["b", "a"])
            let broker = try #require(fixture.closings.broker.withLock { $0 })
            let error = await #expect(throws: AMQPError.self) { try await broker.depths(of: ["nothing"]) }
            #expect(error?.code == .closed)
        }
    }

    @Test func `modules are closed when their workers clash`() async throws {
        try await Fixture.with { fixture in
            await #expect(throws: FleetError.self) {
                try await Fleet(
                    fixture.configuration,
                    modules: [fixture.module("a", workers: 1), fixture.module("b", workers: 1)]
                )
            }
            #expect(fixture.closings.all == ["b", "a"])
        }
    }

    @Test func `modules are closed once when the fleet is stopped before it runs`() async throws {
        try await Fixture.with { fixture in
            let fleet = try await Fleet(fixture.configuration, modules: [fixture.module("a", workers: 1)])
            fleet.shutdown()
            fleet.shutdown()
            try await fleet.run()
            #expect(fixture.closings.all == ["a"])
        }
    }

    @Test func `a fleet that has run runs no more, and its modules stay closed`() async throws {
        try await Fixture.with { fixture in
            let fleet = try await Fleet(fixture.configuration, modules: [fixture.module("a", workers: 1)])
            fleet.shutdown()
            try await fleet.run()
            let error = await #expect(throws: FleetError.self) { try await fleet.run() }
            #expect(error?.code == .hasRun)
            #expect(fixture.closings.all == ["a"])
        }
    }

    @Test func `modules are closed once when the fleet can't run`() async throws {
        try await Fixture.with { fixture in
            var configuration = fixture.configuration
            configuration.only = ["nobody"]
            let fleet = try await Fleet(configuration, modules: [fixture.module("a", workers: 1)])
            await #expect(throws: FleetError.self) { try await fleet.run() }
            #expect(fixture.closings.all == ["a"])
        }
    }
}
