import FlotillaTelemetry

/// Writes one JSON object, member by member, in the order of the calls. `nil` is left out.
package struct JSONObject {
    private(set) var text = "{"

    package init() {}

    package var closed: String { text + "}" }

    package mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        key(name)
        text.appendJSON(value)
    }

    package mutating func add(_ name: String, _ value: Int?) {
        guard let value else { return }
        key(name)
        text += String(value)
    }

    package mutating func add(_ name: String, _ value: Double) {
        key(name)
        text += value.isFinite ? String(value) : "null"
    }

    package mutating func add(_ name: String, _ value: Bool) {
        key(name)
        text += value ? "true" : "false"
    }

    /// Takes JSON text as it is.
    package mutating func add(_ name: String, json: String?) {
        guard let json else { return }
        key(name)
        text += json
    }

    package mutating func add(_ name: String, jsons: some Sequence<String>) {
        key(name)
        text += "[" + jsons.joined(separator: ",") + "]"
    }

    private mutating func key(_ name: String) {
        if text.utf8.count > 1 { text += "," }
        text.appendJSON(name)
        text += ":"
    }
}

extension String {
    /// The text as a JSON string, quotes included.
    package var json: String {
        var text = ""
        text.appendJSON(self)
        return text
    }
}
