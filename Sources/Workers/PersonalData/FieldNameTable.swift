import Synchronization

/// A set of names by their hashes, in one array, so that a look-up costs a few nanoseconds.
package struct FieldNameTable: Sendable {
    private let slots: [UInt64]
    private let mask: Int

    init(_ names: some Collection<String>) {
        var size = 64
        while size < names.count * 4 { size *= 2 }
        mask = size - 1
        var slots = [UInt64](repeating: 0, count: size)
        for name in names {
            guard let hash = FieldName(name.utf8)?.hash else { continue }
            var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
            while slots[slot] != 0, slots[slot] != hash { slot = (slot + 1) & mask }
            slots[slot] = hash
        }
        self.slots = slots
    }

    @inline(__always)
    func contains(_ hash: UInt64) -> Bool {
        var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
        while slots[slot] != 0 {
            if slots[slot] == hash { return true }
            slot = (slot + 1) & mask
        }
        return false
    }
}
