/// An AMQP field table: names and values in the order they were sent.
///
/// AMQP allows a name twice; reading gives the first, writing replaces the first, and both survive a round trip.
public struct HeaderTable: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        public var name: String
        public var value: FieldValue

        public init(name: String, value: FieldValue) {
            self.name = name
            self.value = value
        }
    }

    public var entries: [Entry]

    public init(_ entries: [Entry] = []) { self.entries = entries }

    public var isEmpty: Bool { entries.isEmpty }

    /// The value of the first entry with this name; assigning `nil` removes every entry with the name.
    public subscript(name: String) -> FieldValue? {
        get { entries.first { $0.name == name }?.value }
        set {
            guard let newValue else { return entries.removeAll { $0.name == name } }
            if let index = entries.firstIndex(where: { $0.name == name }) {
                entries[index].value = newValue
            } else {
                entries.append(Entry(name: name, value: newValue))
            }
        }
    }
}

extension HeaderTable: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, FieldValue)...) {
        entries = elements.map { Entry(name: $0.0, value: $0.1) }
    }
}
