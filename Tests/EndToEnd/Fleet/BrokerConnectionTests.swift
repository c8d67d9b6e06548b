import Foundation
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Testing

extension FleetFaultTests {
    @Test(.timeLimit(.minutes(5)))
    func `an idle worker opens no further connections to the broker, and a command that asks opens one`() async throws {
        let fleet = try await FleetFixture.current()
        let queue = "audit.all"
        try await fleet.withWorkers { workers in
            // Each one that is shown has made the worker ask for the depths of all dead-letter queues.
            func die(_ word: String) async throws {
                let before = try await fleet.filedDeadLetters()
                try await fleet.publish(
                    OutgoingMessage(exchange: "", routingKey: QueueName.deadLetter(of: queue), message: Message(word))
                )
                try await eventually("the dead letter is shown") {
                    let (filed, shown) = try await (fleet.filedDeadLetters(), workers[0].sum(of: "flotilla_dlq_depth"))
                    return filed == before + 1 && shown == Double(filed)
                }
            }
            _ = try await fleet.pool.query(SQLStatement("DELETE FROM dead_letters"))
            try await die("the first question opens the connection")
            let kept = fleet.openedConnections.count
            for number in 0..<3 { try await die("\(number)") }
            let list = try await fleet.home.run(
                "dlq",
                "list",
                environment: ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
            )
            #expect(list.status == 0, "\(list.messages)")
            // The log is written in order: once the command's connection stands there, the worker's would too.
            try await eventually("the command's connection is logged") { fleet.openedConnections.count > kept }
            #expect(fleet.openedConnections.dropFirst(kept) == ["flotilla inspection"])
        }
        // Other tests of this home count dead letters.
        _ = try await fleet.pool.query(SQLStatement("DELETE FROM dead_letters"))
    }
}

extension FleetFixture {
    /// The names of the connections that ask for depths, as the broker's log tells of them. Others come and go meanwhile.
    fileprivate var openedConnections: [String] {
        let log = (try? String(contentsOfFile: home.path + "/logs/rabbitmq.log", encoding: .utf8)) ?? ""
        return log.split(separator: "\n").compactMap { line in
            line.range(of: "client-provided name: ").map { String(line[$0.upperBound...]) }
        }.filter { $0 == "flotilla inspection" }
    }
}

extension Message {
    fileprivate init(_ word: String) {
        self.init(body: Array(word.utf8))
        properties.messageID = TestServers.uniqueWord()
    }
}
