import CFlotillaPostgres

/// The statements that one connection has prepared, the least recently used dropped first.
///
/// No other connection in the world uses their names: whoever shares a session by mistake executes nobody else's text.
struct PreparedStatements {
    struct Key: Hashable {
        let text: ExactText
        /// A NULL parameter has no type: the same text with and without it is prepared twice.
        let types: [Oid]
    }

    private struct Entry {
        let name: String
        var lastUse: UInt64
    }

    let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var uses: UInt64 = 0
    private var names: UInt64 = 0
    private let prefix: String

    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        prefix = "s" + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    var count: Int { entries.count }

    mutating func name(of key: Key) -> String? {
        uses += 1
        guard let index = entries.index(forKey: key) else { return nil }
        entries.values[index].lastUse = uses
        return entries.values[index].name
    }

    /// A name that this connection has not used yet.
    mutating func newName() -> String {
        names += 1
        return "\(prefix)_\(names)"
    }

    mutating func add(_ key: Key, name: String) {
        uses += 1
        entries[key] = Entry(name: name, lastUse: uses)
    }

    /// Forgets the least recently used statements down to the capacity; the names to deallocate.
    mutating func evict() -> [String] {
        guard entries.count > capacity else { return [] }
        let oldest = entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(entries.count - capacity)
        for (key, _) in oldest { entries[key] = nil }
        return oldest.map(\.value.name)
    }

    mutating func removeAll() { entries.removeAll() }
}
