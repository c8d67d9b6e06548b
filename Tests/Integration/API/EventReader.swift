import FlotillaTestSupport
import Foundation

/// Reads the events of a stream, as a client of the HTML standard does.
///
/// Unchecked, because a test awaits each call before it makes the next.
final class EventReader: @unchecked Sendable {
    struct Event: Sendable {
        var id: String?
        var name: String?
        var data = ""

        func object() throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any] ?? [:]
        }

        var job: String? { try? object()["id"] as? String }
        var state: String? { try? object()["state"] as? String }
    }

    let head: Response
    /// What is no event: comments, and the time to wait.
    private(set) var notes: [String] = []
    /// What the client would send as `Last-Event-ID`.
    private(set) var lastID: String?
    private let client: RawClient
    private var buffer = ""

    init(_ client: RawClient) async throws {
        self.client = client
        guard let head = await client.head() else { throw TestSetupError(description: "no answer") }
        self.head = head
    }

    /// The next event; `nil` at the end.
    func next() async -> Event? {
        while true {
            while let end = buffer.range(of: "\n\n") {
                let block = String(buffer[..<end.lowerBound])
                buffer.removeSubrange(..<end.upperBound)
                if let event = read(block) { return event }
            }
            guard let chunk = await client.chunk(), !chunk.isEmpty else { return nil }
            buffer += chunk
        }
    }

    /// The first event for which the condition holds.
    func first(where condition: (Event) -> Bool) async -> Event? {
        while let event = await next() { if condition(event) { return event } }
        return nil
    }

    /// All until the end.
    func rest() async -> [Event] {
        var events: [Event] = []
        while let event = await next() { events.append(event) }
        return events
    }

    private func read(_ block: String) -> Event? {
        var event = Event()
        var lines: [String] = []
        for line in block.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            switch parts[0] {
            case "id":
                event.id = value
                lastID = value
            case "event": event.name = value
            case "data": lines.append(value)
            default: notes.append(String(line))
            }
        }
        event.data = lines.joined(separator: "\n")
        return lines.isEmpty ? nil : event
    }
}

extension APIFixture {
    func events(_ path: String, after last: String? = nil, key: String? = nil) async throws -> EventReader {
        let client = try client()
        client.send(request("GET", path, headers: last.map { ["Last-Event-ID": $0] } ?? [:], key: key))
        return try await EventReader(client)
    }
}
