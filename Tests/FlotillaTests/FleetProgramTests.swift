import FlotillaTelemetry
import FlotillaStorage
@testable import flotilla
import FlotillaCommandLineKit
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaTestSupport
import Foundation
import Testing
import Workers

/// What the domains of the program bring fits together.
struct FleetProgramTests {
    private static func domains() throws -> [any DomainModule] {
        let program = Flotilla.program
        let configuration = try Configuration(
            environment: [:],
            currentFolder: "/nowhere",
            settings: program.modules.flatMap { $0.settings }
        )
        return program.domains(configuration)
    }

    @Test func `names of domains and settings are given once`() throws {
        let names = try Self.domains().map(\.name)
        #expect(Set(names).count == names.count)
        let settings = Flotilla.program.settings.map(\.name)
        #expect(Set(settings).count == settings.count)
    }

    @Test func `nouns of the command line are given once, and so are the verbs of each`() {
        func check(_ commands: [Command]) {
            let names = commands.map(\.name)
            #expect(Set(names).count == names.count, "\(names)")
            for command in commands { check(command.verbs) }
        }
        check(Flotilla.application.commands)
        let audit = Flotilla.application.commands.first { $0.name == "audit" }
        #expect(audit?.verbs.contains { $0.name == "forget" } == true)
    }

    @Test func `migrations of a domain are numbered from 1, and former numbers are given once`() throws {
        let modules = try Self.domains()
        for module in modules where !module.migrations.isEmpty {
            #expect(module.migrations.map(\.number) == Array(1...module.migrations.count), "\(module.name)")
        }
        let former = modules.flatMap(\.migrations).compactMap(\.formerNumber)
        #expect(former.sorted() == Array(2...10))
    }

    @Test func `what only the fleet may publish is what queues take`() throws {
        let topology = try TopologyFile.load(from: Repository.file("queues.yaml").path)
        let bindings = topology.queues.flatMap(\.bindings)
        let commands = Set(bindings.filter { $0.exchange == topology.commands.name }.map(\.key))
        for module in Flotilla.program.modules {
            let strangers = Set(module.fleetOnly.commands).subtracting(commands)
            #expect(strangers.isEmpty, "\(module) names \(strangers), which no queue of queues.yaml takes")
            for event in module.fleetOnly.events {
                #expect(event.split(separator: ".").count > 1, "\(event) has not the form of an event")
            }
        }
    }

    @Test func `every event that ends somebody's tokens is guarded`() throws {
        let topology = try TopologyFile.load(from: Repository.file("queues.yaml").path)
        let keys = topology.queues.filter { $0.name.hasPrefix("identity.") }.flatMap(\.bindings).map(\.key)
        #expect(keys.contains("auth.logout"))
        for key in keys { #expect(Flotilla.program.intakeRules.isGuarded(key), "\(key)") }
    }

    @Test func `every event for webhooks has the form of one, and is named once`() {
        let events = Flotilla.program.webhookEvents
        #expect(Set(events).count == events.count)
        #expect(events.allSatisfy { $0.split(separator: ".").count > 1 })
    }

    @Test func `the guide for operators lists every metric of the domains`() throws {
        let text = try String(contentsOf: Repository.file("docs/04-operating.md"), encoding: .utf8)
        let metrics = try Self.domains().flatMap(\.metrics)
        #expect(Set(metrics.map(\.name)).count == metrics.count)
        for metric in metrics { #expect(text.contains("`\(metric.name)`"), "\(metric.name)") }
    }
}
