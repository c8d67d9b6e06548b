import FlotillaModels
import FlotillaPlatform

/// The variables of a template, in order; what is absent is left out.
struct TemplateData: Sendable {
    private(set) var members: [JSONValue.Member] = []

    mutating func add(_ name: String, _ value: JSONValue?) {
        if let value, !value.isNull { members.append(.init(name: name, value: value)) }
    }

    mutating func add(_ name: String, _ text: String?) { add(name, text.map { JSONValue.string($0) }) }

    /// - Parameter time: microseconds since 1970.
    mutating func add(_ name: String, time: Int64?) { add(name, time.map { WallClock.iso8601($0) }) }

    mutating func add(_ name: String, number: Int?) { add(name, number.map { JSONValue.number(String($0)) }) }
}
