import FlotillaMessaging
import FlotillaModels
import Foundation
import Testing

struct PriorityFileTests {
    private func mistakes(_ lines: String...) throws -> [String] {
        let text = (["version: 1", "queues:"] + lines).joined(separator: "\n")
        let error = #expect(throws: TopologyMistakes.self) { _ = try TopologyFile.decode(text) }
        return try #require(error).mistakes.map { "\($0.line): \($0.message)" }
    }

    @Test func `a queue with priorities is three queues that differ in names, keys and levels alone`() throws {
        let topology = try TopologyFile.decode(
            """
            version: 1
            queues:
              a.b:
                worker: w
                bind: [ { exchange: topic, key: a.b }, { exchange: direct, key: a.make }, { exchange: direct, key: a.do } ]
                priorities: true
                prefetch: 4
                concurrency: 2
                maxLength: 9
              a.c: { worker: w, bind: [ { exchange: direct, key: a.c } ], priorities: false }
            """
        )
        #expect(topology.queues.map(\.name) == ["a.b", "a.b.high", "a.b.low", "a.c"])
        #expect(topology.queues.map(\.level) == [.normal, .high, .low, .normal])
        #expect(topology.queues.map(\.family) == ["a.b", "a.b", "a.b", nil])
        #expect(topology.queues.map(\.event) == ["b", "b", "b", "c"])
        #expect(topology.queues[1].deadLetterQueue == "dlq.a.b.high")
        #expect(
            topology.queues[1].bindings == [
                QueueBinding(exchange: "fleet.direct", key: "a.make.high"),
                QueueBinding(exchange: "fleet.direct", key: "a.do.high"),
            ]
        )
        var high = topology.queues[1]
        (high.name, high.bindings, high.level) = ("a.b", topology.queues[0].bindings, .normal)
        #expect(high == topology.queues[0])
    }

    @Test func `a type is one type whatever its levels, and each level has its key`() throws {
        let topology = try TopologyFile.decode(
            """
            version: 1
            queues:
              a.b: { worker: w, bind: [ { exchange: topic, key: x }, { exchange: direct, key: a.b } ], priorities: true }
              a.c: { worker: w, bind: [ { exchange: direct, key: a.c } ] }
            """
        )
        #expect(topology.jobTypes == ["a.b", "a.c"])
        #expect(topology.queues.map(topology.jobTypes) == [["a.b"], ["a.b"], ["a.b"], ["a.c"]])
        #expect(JobPriority.allCases.map { topology.routingKey(ofJob: "a.b", $0) } == ["a.b.low", "a.b", "a.b.high"])
        #expect(JobPriority.allCases.map { topology.routingKey(ofJob: "a.c", $0) } == ["a.c", "a.c", "a.c"])
        #expect(topology.jobRouting == JobRouting(exchange: "fleet.direct", levelledTypes: ["a.b"]))
    }

    @Test func `the fleet's own ticket jobs have levels`() throws {
        let topology = try TopologyFile.load(from: TopologyFileTests.file.path)
        let type = "ticket.generation.requested"
        #expect(topology.queues(of: "tickets").map(\.name) == [type, "\(type).high", "\(type).low"])
        #expect(topology.jobTypes.contains(type) && !topology.jobTypes.contains("\(type).high"))
    }

    @Test func `every mistake about priorities is told on its line`() throws {
        let long = "a." + String(repeating: "x", count: 196)
        #expect(
            try mistakes(
                "  a.b: { worker: w, bind: [ { exchange: topic, key: a.b } ], priorities: true }",
                "  a.c: { worker: w, bind: [ { exchange: direct, key: a.c } ], priorities: yes }",
                "  a.d:",
                "    worker: w",
                "    bind: [ { exchange: direct, key: a.d } ]",
                "    priorities: true",
                "  a.d.low: { worker: w, bind: [ { exchange: direct, key: other } ] }",
                "  a.e: { worker: w, bind: [ { exchange: direct, key: a.d.high }, { exchange: direct, key: a.d } ] }",
                "  \(long): { worker: w, bind: [ { exchange: direct, key: long } ], priorities: true }",
                "  a.f: { worker: w, prioritys: true }"
            ) == [
                "3: queues.a.b.priorities: only jobs have priorities, and 'bind' has no key of the exchange 'direct'",
                "4: queues.a.c.priorities: expected true or false, found 'yes'",
                "8: queues.a.d.priorities: 'a.d.low' is listed already, and would be the queue of low jobs",
                "8: queues.a.d.priorities: 'a.e' takes 'a.d.high' too, which is for these jobs alone",
                "8: queues.a.d.priorities: 'a.e' takes 'a.d' too, which is for these jobs alone",
                "11: queues.\(long).priorities: '\(long.prefix(57))...': queue name of 203 bytes is too long: at most 200",
                "11: queues.\(long).priorities: '\(long.prefix(57))...': queue name of 202 bytes is too long: at most 200",
                "12: queues.a.f.prioritys: unknown key; did you mean 'priorities'?",
                "12: queues.a.f: 'bind' is missing",
            ]
        )
    }

    @Test func `a level is no type of the same queue, and its key fits`() throws {
        let key = String(repeating: "k", count: 251)
        #expect(
            try mistakes(
                "  a.b:",
                "    worker: w",
                "    bind: [ { exchange: direct, key: t }, { exchange: direct, key: t.high } ]",
                "    priorities: true",
                "  a.c:",
                "    worker: w",
                "    bind: [ { exchange: direct, key: \(key) } ]",
                "    priorities: true"
            ) == [
                "6: queues.a.b.priorities: 't.high' is a type of its own, and the level of another",
                "10: queues.a.c.priorities: '\(key.prefix(57))...' is too long: a routing key has at most 255 bytes",
            ]
        )
    }

    @Test func `defaults have no priorities`() throws {
        let text = "version: 1\ndefaults: { priorities: true }\nqueues:\n  a.b: { worker: w, bind: [] }\n"
        let error = #expect(throws: TopologyMistakes.self) { _ = try TopologyFile.decode(text) }
        let message = try #require(error?.mistakes.first)
        #expect(message.line == 2 && message.message.hasPrefix("defaults.priorities: unknown key"))
    }

    @Test func `a publisher's commands reach the levels that it lists`() throws {
        let topology = try TopologyFile.decode(
            """
            version: 1
            queues:
              a.b: { worker: w, bind: [ { exchange: direct, key: a.b } ], priorities: true }
            publishers:
              one: { user: one, commands: [ a.b, a.b.high ] }
            """
        )
        let outside = topology.queues.map { queue in
            queue.bindings.filter { $0.exchange == (topology.outsideCommands?.name ?? "") }.map(\.key)
        }
        #expect(outside == [["a.b"], ["a.b.high"], []])
    }
}
