import FlotillaModels
import Testing

struct CloudEventTests {
    func message(_ contentType: String?, _ body: String, _ headers: HeaderTable = HeaderTable()) -> Message {
        var message = Message(headers: headers, body: Array(body.utf8))
        message.properties.contentType = contentType
        return message
    }

    @Test(arguments: ["application/cloudevents+json", "Application/CloudEvents+JSON; charset=utf-8"])
    func `a structured event is unwrapped to its data, byte for byte`(contentType: String) throws {
        let body = #"""
            {"specversion":"1.0","id":"e\u002d1","type":"profile.viewed","source":"/search","subject":"p1",
             "time":"2026-01-30T03:00:00Z","data": {"companyId" : "a"} ,"extra":[1]}
            """#
        let event = try #require(try CloudEvent.unwrap(message(contentType, body)))
        #expect(event.id == "e-1")
        #expect(event.type == "profile.viewed")
        #expect(event.source == "/search")
        #expect(event.subject == "p1")
        #expect(event.time == 1_769_742_000_000_000)
        #expect(event.body == Array(#"{"companyId" : "a"}"#.utf8))
    }

    @Test(arguments: [
        (#""data":"text \" x""#, #""text \" x""#), (#""data":[1, 2]"#, "[1, 2]"), (#""data":{}"#, "{}"),
        (#""x":1"#, "null"),
        (#""data_base64":"eyJhIjoxfQ==""#, #"{"a":1}"#),
    ])
    func `data may be any JSON, base64, or absent`(member: String, expected: String) throws {
        let event = try CloudEvent.unwrap(
            message("application/cloudevents+json", #"{"specversion":"1.0","type":"a.b","id":"1",\#(member)}"#)
        )
        #expect(event?.body == Array(expected.utf8))
    }

    @Test(arguments: [
        (#"{"type":"a"}"#, "specversion: missing"), (#"{"specversion":"1.0"}"#, "type: missing"),
        (#"{"specversion":1,"type":"a"}"#, "specversion: expected a string, found a number"),
        (#"{"specversion":"1.0","type":"a","data_base64":"?"}"#, "data_base64: expected base64, found other text"),
        ("", "expected JSON, found an empty body"),
    ])
    func `a malformed structured event names its field`(body: String, problem: String) {
        let error = #expect(throws: InvalidPayload.self) {
            try CloudEvent.unwrap(message("application/cloudevents+json", body))
        }
        #expect(error?.description == problem)
    }

    @Test(arguments: ["cloudEvents_", "cloudEvents:"])
    func `a binary event is read from its headers and keeps its body`(prefix: String) throws {
        let headers: HeaderTable = [
            "\(prefix)specversion": "1.0", "\(prefix)type": "user.created", "\(prefix)id": "7",
            "\(prefix)source": "auth",
            "\(prefix)time": .timestamp(1_769_742_000), "cloudEventsX": "no",
        ]
        let event = try #require(try CloudEvent.unwrap(message("application/json", "not looked at", headers)))
        #expect(event.type == "user.created" && event.id == "7" && event.source == "auth")
        #expect(event.time == 1_769_742_000_000_000)
        #expect(event.body == Array("not looked at".utf8))
    }

    @Test(arguments: [nil, "application/json", "text/plain", ""])
    func `any other message is left alone`(contentType: String?) throws {
        #expect(try CloudEvent.unwrap(message(contentType, "{", ["traceparent": "x"])) == nil)
        #expect(try CloudEvent.unwrap(message(contentType, "{")) == nil)
    }
}
