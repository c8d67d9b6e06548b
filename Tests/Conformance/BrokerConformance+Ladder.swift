import FlotillaMessaging
import FlotillaModels
import Foundation
import Testing

extension BrokerConformance {
    @Test(arguments: Subject.all)
    func `a retry whose queue is gone holds up no other, and comes when the queue is there again`(subject: Subject)
        async throws
    {
        let name = "conf" + UUID().uuidString.prefix(8).lowercased()
        let ladder = DelayLadder(namespace: name, unit: .milliseconds(50), levels: 2)
        let topology = Topology(
            namespace: name,
            delay: ladder,
            queues: ["gone", "other"].map { QueueDefinition(name: "\(name)s.\($0)", worker: "w") }
        )
        let (gone, other) = (topology.queues[0].name, topology.queues[1].name)
        try await subject.withTopology(topology) {
            let publisher = try await subject.broker.publisher(named: "test")
            func retry(_ queue: String) -> OutgoingMessage {
                OutgoingMessage(
                    exchange: ladder.entryExchange,
                    routingKey: ladder.routingKey(for: .milliseconds(150), to: queue),
                    message: Message(body: Array(queue.utf8))
                )
            }
            try await subject.deleteQueue(gone)
            #expect(await publisher.publish([retry(gone), retry(other)]) == [.confirmed, .confirmed])
            try await eventually { try await subject.broker.depth(of: other)?.ready == 1 }
            try await subject.deploy(topology)
            // Servers that are not ours may try again after three minutes.
            try await eventually(within: .seconds(240)) { try await subject.broker.depth(of: gone)?.ready == 1 }
            #expect(try await subject.broker.depth(of: other)?.ready == 1)
            await publisher.close()
        }
    }
}

extension Subject {
    fileprivate func withTopology(_ topology: Topology, _ body: () async throws -> Void) async throws {
        try await deploy(topology)
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        try await remove(topology)
        try result.get()
    }
}
