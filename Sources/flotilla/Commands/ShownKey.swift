import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaPlatform

/// A key as `flotilla key list` shows it.
struct ShownKey: Encodable {
    let id: String
    let name: String
    let scopes: [String]
    /// Patterns; of a key with the scope `admin` everything is allowed, whatever they are.
    let events: [String]
    let jobs: [String]
    let state: String
    let createdAt: String
    let expiresAt: String?
    let revokedAt: String?
    let lastUsedAt: String?

    init(_ key: APIKeyRecord, at now: Int64) {
        id = key.id
        name = key.name
        scopes = key.scopes.sortedNames
        let mayEnqueue = key.scopes.contains(.enqueue)
        events = mayEnqueue ? key.grants.events.words : []
        jobs = mayEnqueue ? key.grants.jobs.words : []
        state = key.revokedAt != nil ? "revoked" : key.isValid(at: now) ? "valid" : "expired"
        createdAt = WallClock.iso8601(key.createdAt)
        expiresAt = key.expiresAt.map { WallClock.iso8601($0) }
        revokedAt = key.revokedAt.map { WallClock.iso8601($0) }
        lastUsedAt = key.lastUsedAt.map { WallClock.iso8601($0) }
    }

    /// A line for the key, and one or more for each of its rights; names longer than the width alone go beyond it.
    func lines(width: Int) -> String {
        var lines = ["\(id)  \(state.padded(to: 7))  \(name.showingTextControls())"]
        add("scopes", scopes, to: &lines, width)
        if scopes.contains("enqueue") {
            add("events", events.isEmpty ? ["none"] : events, to: &lines, width)
            add("jobs", jobs.isEmpty ? ["none"] : jobs, to: &lines, width)
        }
        add("created", [createdAt] + (expiresAt.map { ["expires \($0)"] } ?? []), to: &lines, width)
        add("used", [lastUsedAt ?? "never"], to: &lines, width)
        return lines.joined(separator: "\n")
    }

    private func add(_ heading: String, _ words: [String], to lines: inout [String], _ width: Int) {
        var line = "  " + heading.padded(to: 8)
        var isEmpty = true
        for (place, word) in words.enumerated() {
            let text = word.showingTextControls() + (place == words.count - 1 ? "" : ",")
            if !isEmpty, line.count + text.count + 1 > width {
                lines.append(line)
                (line, isEmpty) = ("  " + "".padded(to: 8), true)
            }
            line += (isEmpty ? "" : " ") + text
            isEmpty = false
        }
        lines.append(line)
    }
}

extension String {
    fileprivate func padded(to length: Int) -> String { self + String(repeating: " ", count: max(0, length - count)) }
}
