/// Reads an event's fields under any of the names that the publishing services give them.
///
/// Names are looked for at the top level first, then in the objects `data`, `metadata` and `data.metadata`. A field
/// that is null counts as absent. Every refusal names the field.
struct EventFields {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private typealias Container = KeyedDecodingContainer<Key>

    private let containers: [Container]

    init(from decoder: any Decoder) throws {
        let top = try decoder.container(keyedBy: Key.self)
        var containers = [top]
        let data = Self.object("data", in: top)
        for nested in [data, Self.object("metadata", in: top), data.flatMap { Self.object("metadata", in: $0) }] {
            if let nested { containers.append(nested) }
        }
        self.containers = containers
    }

    private static func object(_ name: String, in container: Container) -> Container? {
        guard container.contains(Key(name)) else { return nil }
        return try? container.nestedContainer(keyedBy: Key.self, forKey: Key(name))
    }

    /// An id written as a string of 1 to 255 bytes or as an integer.
    func identifier(_ names: String...) throws -> String? {
        guard let (container, key) = find(names) else { return nil }
        let text: String
        if let string = try? container.decode(String.self, forKey: key) {
            text = string
        } else if let number = try? container.decode(Int64.self, forKey: key) {
            text = String(number)
        } else if let number = try? container.decode(UInt64.self, forKey: key) {
            text = String(number)
        } else {
            throw refusal(of: key, in: container, "expected a string or an integer")
        }
        let problem: String? =
            if text.isEmpty {
                "expected a text, found an empty one"
            } else if text.utf8.count > 255 {
                "expected at most 255 bytes, found \(text.utf8.count)"
            } else if text.utf8.contains(0) {
                "expected text, found the character U+0000"
            } else {
                nil
            }
        if let problem { throw InvalidPayload(field: path(of: key, in: container), problem: problem) }
        return text
    }

    /// As ``identifier(_:)``; the first name is the one to complain about.
    func requiredIdentifier(_ name: String, _ others: String...) throws -> String {
        for name in [name] + others {
            if let text = try identifier(name) { return text }
        }
        throw InvalidPayload(field: name, problem: "missing")
    }

    /// A time in ISO 8601 or as a number since 1970, in microseconds since 1970.
    func time(_ names: String...) throws -> Int64? {
        guard let (container, key) = find(names) else { return nil }
        if let text = try? container.decode(String.self, forKey: key) {
            if let time = EventTime.parse(text) { return time }
            throw InvalidPayload(
                field: path(of: key, in: container),
                problem: "expected an ISO 8601 time, found other text"
            )
        }
        if let number = try? container.decode(Double.self, forKey: key) {
            if let time = EventTime.since1970(number) { return time }
            throw InvalidPayload(
                field: path(of: key, in: container),
                problem: "expected a time, found a number too great"
            )
        }
        throw refusal(of: key, in: container, "expected an ISO 8601 time")
    }

    private func find(_ names: [String]) -> (Container, Key)? {
        for container in containers {
            for key in names.lazy.map(Key.init) where container.contains(key) {
                if (try? container.decodeNil(forKey: key)) == false { return (container, key) }
            }
        }
        return nil
    }

    private func refusal(of key: Key, in container: Container, _ expected: String) -> InvalidPayload {
        let found = (try? container.decode(JSONKind.self, forKey: key))?.noun ?? "something else"
        return InvalidPayload(field: path(of: key, in: container), problem: "\(expected), found \(found)")
    }

    private func path(of key: Key, in container: Container) -> String {
        (container.codingPath.map(\.stringValue) + [key.stringValue]).joined(separator: ".")
    }
}
