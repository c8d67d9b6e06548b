import FlotillaTestSupport
import FlotillaLocalization
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

    @Test(arguments: [
        (#""timeZone":"Europe/Paris""#, "2026-06-15T07:00:00.000Z"), (#""x":1"#, "2026-06-15T09:00:00.000Z"),
        (#""data":{"time_zone":"America/New_York"}"#, "2026-06-15T13:00:00.000Z"),
    ])
    func `what is planned without an offset is of the zone that the event names`(zone: String, time: String) throws {
        for (name, body) in [
            ("interview.scheduled", #""userId":"u","scheduledAt":"2026-06-15T09:00:00""#),
            (
                "session.created",
                #""mentorId":1,"menteeId":2,"meetingUrl":"https://x","startsAt":"2026-06-15 09:00:00""#
            ),
        ] {
            let event = try NotifiedEvent(name: name, body: Array("{\(body),\(zone)}".utf8), timeOf: { $0 ?? 0 })
            let mapping = try #require(NotifiedEvents.all[name])
            let members = try mapping(event).announcements.first?.data.members ?? []
            let start = members.first { $0.name == "starts_at" }?.value
            #expect(start == .string(time), "\(name)")
        }
    }

    @Test func `a notification's time is of the zone that the request names`() throws {
        func scheduledAt(_ options: String) throws -> Int64? {
            let body = #"{"to":"a@example.com","template":"t","options":{\#(options)}}"#
            return try NotificationCommand(body: Array(body.utf8)).request.scheduledAt
        }
        let local = #""scheduledAt":"2026-06-15T09:00:00""#
        #expect(try scheduledAt(local + #","timeZone":"Europe/Paris""#) == EventTime.parse("2026-06-15T07:00:00Z"))
        #expect(try scheduledAt(local) == EventTime.parse("2026-06-15T09:00:00Z"))
        let paris = try #require(NamedTimeZone.named("Europe/Paris"))
        try AssumedZone.$ofTask.withValue(paris) { () throws in
            #expect(try scheduledAt(local) == EventTime.parse("2026-06-15T07:00:00Z"))
            #expect(
                try scheduledAt(local + #","timeZone":"America/New_York""#) == EventTime.parse("2026-06-15T13:00:00Z")
            )
            let instant = #""scheduledAt":"2026-06-15T09:00:00Z","timeZone":"America/New_York""#
            #expect(try scheduledAt(instant) == EventTime.parse("2026-06-15T09:00:00Z"))
        }
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
