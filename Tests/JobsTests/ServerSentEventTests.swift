@testable import FlotillaJobs
import Testing

struct ServerSentEventTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `an event has its id, its name, and its data on a line`() {
        let event = ServerSentEvent(id: "17", data: #"{"id":"a"}"#)
        #expect(text(event.bytes) == "id: 17\nevent: job\ndata: {\"id\":\"a\"}\n\n")
    }

    @Test func `without an id the client's last one stays`() {
        #expect(text(ServerSentEvent(data: "{}").bytes) == "event: job\ndata: {}\n\n")
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `data that came with line ends are as many lines, and end no event`(end: String) {
        let event = ServerSentEvent(id: "1", data: "{\"payload\":{\(end)\(end)}}")
        #expect(text(event.bytes) == "id: 1\nevent: job\ndata: {\"payload\":{\ndata: \ndata: }}\n\n")
    }

    @Test func `what no line end is for a client stays as it is`() {
        let event = ServerSentEvent(id: "1", data: "{\"a\":\"\u{2028}\u{85}\u{b}\"}")
        #expect(text(event.bytes) == "id: 1\nevent: job\ndata: {\"a\":\"\u{2028}\u{85}\u{b}\"}\n\n")
    }

    @Test func `the same data have the same id, others another`() {
        #expect(ServerSentEvent.digested("{}") == ServerSentEvent.digested("{}"))
        #expect(ServerSentEvent.digested("{}").id != ServerSentEvent.digested("[]").id)
        #expect(ServerSentEvent.digested("{}").id?.utf8.count == 16)
    }

    @Test func `a stream begins with how long to wait, and a comment is no event`() {
        #expect(text(ServerSentEvent.opening) == "retry: 2000\n\n")
        #expect(text(ServerSentEvent.heartbeat).hasPrefix(":"))
        #expect(text(ServerSentEvent.mark(5)) == "id: 5\n\n")
    }
}
