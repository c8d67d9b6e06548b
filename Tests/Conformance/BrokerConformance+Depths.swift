import FlotillaMessaging
import FlotillaModels
import Testing

extension BrokerConformance {
    @Test(arguments: Subject.all)
    func `the depths of many queues are told at once, and those that are not there are left out`(subject: Subject)
        async throws
    {
        try await subject.withQueue { first in
            try await subject.withQueue { second in
                let publisher = try await subject.broker.publisher(named: "test")
                let results = await publisher.publish((0..<3).map { OutgoingMessage(to: second, "\($0)") })
                #expect(results.filter { !$0.isConfirmed }.isEmpty)
                let missing = (0..<5).map { "conformance.nowhere.\($0)" }
                let asked = [missing[0], first, missing[1], missing[2], second, missing[3], missing[4]]
                try await eventually { try await subject.broker.depth(of: second)?.ready == 3 }
                #expect(
                    try await subject.broker.depths(of: asked) == [
                        first: QueueDepth(ready: 0, consumers: 0), second: QueueDepth(ready: 3, consumers: 0),
                    ]
                )
                #expect(try await subject.broker.depths(of: missing) == [:])
                #expect(try await subject.broker.depths(of: []) == [:])
                await publisher.close()
            }
        }
    }

    @Test func `a closed broker answers no questions`() async throws {
        var brokers: [any Broker] = [MemoryBroker()]
        if let configuration = RabbitMQEnvironment.configuration { brokers.append(RabbitMQBroker(configuration)) }
        for broker in brokers {
            #expect(try await broker.depth(of: "conformance.nowhere") == nil)
            await broker.close()
            await broker.close()
            let error = await #expect(throws: AMQPError.self) { try await broker.depth(of: "conformance.nowhere") }
            #expect(error?.code == .closed)
        }
    }
}
