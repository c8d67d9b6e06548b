@testable import flotilla
import FlotillaModels
import Testing

struct QueueListTests {
    @Test func `a queue is listed with what can't be delivered to it and to its dead-letter queue`() throws {
        let queue = QueueDefinition(name: "a.b", worker: "w")
        let topology = Topology(delay: DelayLadder(levels: 3), queues: [queue])
        let counts = [topology.delay.exitQueue(of: "a.b"): 300, "a.b": 20, topology.delay.exitQueue(of: "a.c"): 4_000]
        #expect(QueueCommands.undelivered(for: queue, topology, counts) == 320)
        #expect(QueueCommands.undelivered(for: queue, topology, [:]) == 0)
    }
}
