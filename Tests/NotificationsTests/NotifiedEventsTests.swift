import FlotillaTestSupport
import FlotillaMessaging
import FlotillaModels
@testable import FlotillaNotifications
import Foundation
import Testing

struct NotifiedEventsTests {
    @Test func `every queue of the notifications worker has something that handles it`() throws {
        let file = Repository.file("queues.yaml").path
        let topology = try TopologyFile.load(from: file)
        let handled = Set(
            NotificationEventWorker.events + NotificationCommandWorker.events + EmailDeliveryWorker.events
                + SMSDeliveryWorker.events
        )
        #expect(Set(topology.queues.filter { $0.worker == "notifications" }.map(\.event)) == handled)
    }

    @Test func `random bytes and random JSON never get further than a refusal`() {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "{", "}", "[", "]", "\"userId\"", ":", ",", "null", "1e999", "\"\\ud800\"", "\"to\"", "\u{0}", "7",
        ]
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...30, using: &generator)
            let text = (0..<count).compactMap { _ in pieces.randomElement(using: &generator) }.joined()
            let body = Array(text.utf8)
            #expect(throws: InvalidPayload.self) {
                _ = try NotificationCommand(body: body)
                throw InvalidPayload(field: "", problem: "read")
            }
            for (name, mapping) in NotifiedEvents.all {
                guard let event = try? NotifiedEvent(name: name, body: body, timeOf: { $0 ?? 0 }) else { continue }
                do throws(InvalidPayload) { _ = try mapping(event) } catch { #expect(!error.problem.isEmpty) }
            }
        }
    }
}
