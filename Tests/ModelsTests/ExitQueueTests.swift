import FlotillaModels
import Testing

struct ExitQueueTests {
    private let ladder = DelayLadder(levels: 5)

    @Test func `different queues have different exits, whatever the case of their names`() {
        #expect(ladder.exitQueue(of: "notification.sms") == "fleet.delay.exit.NOTIFICATION.SMS")
        #expect(ladder.exitQueue(of: "Notification.SMS-2_x") == "fleet.delay.exit.nOTIFICATION.sms-2_X")
    }

    @Test func `the longest names still make a queue's name`() {
        let ladder = DelayLadder(namespace: String(repeating: "n", count: 40))
        #expect(ladder.exitQueue(of: String(repeating: "q", count: QueueName.longest)).utf8.count <= 255)
    }

    @Test(arguments: [Duration.zero, .milliseconds(100), .seconds(2), .seconds(90)])
    func `the queue is read from its routing key`(delay: Duration) {
        #expect(ladder.target(ofRoutingKey: ladder.routingKey(for: delay, to: "1.0.sms")) == "1.0.sms")
    }

    @Test(arguments: ["", "a.b", "0.0.0.0.0", "0.0.2.0.0.a.b", "0.1.0.1"])
    func `what is no key of the ladder has no queue`(key: String) {
        #expect(ladder.target(ofRoutingKey: key) == nil)
    }
}
