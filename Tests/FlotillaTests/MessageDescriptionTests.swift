@testable import flotilla
import FlotillaHTTPRouting
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaTestSupport
import Foundation
import Testing

/// Every description is held to the code that reads the message.
struct MessageDescriptionTests {
    private static let catalog = Flotilla.program.messages
    private static let read = Flotilla.program.modules.flatMap { $0.messages }.filter { $0.check != nil }

    @Test(arguments: read) func `the example is read`(_ description: MessageDescription) throws {
        try description.check?(Array(description.example.utf8))
    }

    @Test func `the examples of a name are read by every domain that takes it`() throws {
        for entry in Self.catalog.entries { try entry.check(Array(entry.example.utf8)) }
    }

    @Test(arguments: read) func `without a required field it is refused, by the name of that field`(
        _ description: MessageDescription
    ) throws {
        for field in description.fields where field.isRequired {
            let body = try Self.body(description) { $0.removeAll { $0.name == field.name } }
            let refusal = Self.refusal(description, body)
            #expect(refusal?.field == field.name, "\(description.name) without \(field.name): \(refusal as Any)")
        }
    }

    @Test(arguments: read) func `a field of another kind is refused, by its name`(_ description: MessageDescription)
        throws
    {
        for field in description.fields {
            guard let wrong = field.shape.wrong else { continue }
            let body = try Self.body(description) { members in
                let names = [field.name] + field.otherNames + [field.alternativeTo].compactMap(\.self)
                members.removeAll { names.contains($0.name) }
                members.append(.init(name: field.name, value: wrong))
            }
            let refusal = Self.refusal(description, body)
            #expect(
                refusal?.field.hasPrefix(field.name) == true,
                "\(description.name) with \(field.name) = \(wrong.json): \(refusal as Any)"
            )
        }
    }

    @Test(arguments: read) func `the other names of a required field will do`(_ description: MessageDescription) throws
    {
        for field in description.fields where field.isRequired {
            for name in field.otherNames {
                let body = try Self.body(description) { members in
                    for index in members.indices where members[index].name == field.name {
                        members[index] = .init(name: name, value: members[index].value)
                    }
                }
                let refusal = Self.refusal(description, body)
                #expect(refusal == nil, "\(description.name) with \(name): \(refusal as Any)")
            }
        }
    }

    @Test func `every queue of the repository's file takes something that is described`() throws {
        let topology = try Self.topology()
        for queue: QueueDefinition in topology.queues {
            for binding in queue.bindings where !binding.key.contains("*") && !binding.key.contains("#") {
                let role: MessageDescription.Role = binding.exchange == topology.events.name ? .event : .job
                let name = queue.level.plain(binding.key)
                #expect(Self.catalog[name]?.roles.contains(role) == true, "\(name) into \(queue.name)")
            }
        }
    }

    @Test func `a payload is refused by the names of all its fields that are wrong`() throws {
        let error = try #require(throws: APIError.self) {
            try Self.catalog.check(Array(#"{"tmplate":"x"}"#.utf8), of: "notification.email", at: "payload")
        }
        #expect(error.status == 422)
        #expect(Set(error.details.map(\.field)) == ["payload.tmplate", "payload.template", "payload.to"])
        try Self.catalog.check(Array("[]".utf8), of: "nobody.knows", at: "data")
    }

    @Test func `an unknown event is told of, with the name that was meant`() throws {
        let topology = try Self.topology()
        let warning = try #require(Self.catalog.warning(event: "profile.veiwed", in: topology))
        #expect(warning.contains("profile.viewed"))
        #expect(Self.catalog.warning(event: "profile.viewed", in: topology) == nil)
        #expect(Self.catalog.warning(event: "company.created", in: topology) == nil)
        var own = topology
        own.queues[1].bindings.append(QueueBinding(exchange: topology.events.name, key: "stock.*"))
        #expect(Self.catalog.warning(event: "stock.moved", in: own) == nil)
        #expect(Self.catalog.warning(event: "stock.moved", in: topology) != nil)
    }

    private static func topology() throws -> Topology {
        try TopologyFile.load(from: Repository.file("queues.yaml").path)
    }

    private static func body(
        _ description: MessageDescription,
        _ change: (inout [JSONValue.Member]) -> Void
    ) throws -> [UInt8] {
        guard case .members(var members) = try JSONValue(Array(description.example.utf8)) else { return [] }
        change(&members)
        return Array(JSONValue.members(members).json.utf8)
    }

    private static func refusal(_ description: MessageDescription, _ body: [UInt8]) -> InvalidPayload? {
        do throws(InvalidPayload) { try description.check?(body) } catch { return error }
        return nil
    }
}

extension PayloadShape {
    /// A value that it does not take; `nil` where there is none.
    fileprivate var wrong: JSONValue? {
        switch self {
        case .identifier, .text, .string: .array([])
        case .time: .string("soon")
        case .integer, .number: .boolean(true)
        case .flag: .string("perhaps")
        case .choice, .form: .string("nonsense")
        case .list, .object: .number("3")
        case .either: .boolean(true)
        case .any: nil
        }
    }
}
