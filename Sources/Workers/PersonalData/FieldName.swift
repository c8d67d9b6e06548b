/// A field's name whatever its case and underscores, as a hash, so that looking at a name allocates nothing.
package struct FieldName: Hashable, Sendable {
    /// FNV-1a of the name's bytes in lower case, without `_` and `-`.
    let hash: UInt64

    static let longest = 40
    static let emptyHash: UInt64 = 0xcbf2_9ce4_8422_2325

    // One for each type, since a generic one is not specialised for callers in other modules, and these are asked for
    // every member of every body.

    /// - Returns: `nil` for names too long to be one of ours.
    package init?(_ name: ArraySlice<UInt8>) { self.init(bytes: name) }

    /// - Returns: `nil` for names too long to be one of ours.
    package init?(_ name: String.UTF8View) { self.init(bytes: name) }

    private init?(bytes name: some Collection<UInt8>) {
        guard name.count <= Self.longest else { return nil }
        var hash = Self.emptyHash
        for byte in name { Self.mix(byte, into: &hash) }
        self.hash = hash
    }

    /// The name of the id of the event's entity: `profileId` for `profile.viewed`.
    package init(entityOf event: String) {
        var hash = Self.emptyHash
        for byte in event.utf8.prefix(while: { $0 != UInt8(ascii: ".") }) { Self.mix(byte, into: &hash) }
        for byte in "Id".utf8 { Self.mix(byte, into: &hash) }
        self.hash = hash
    }

    @inline(__always)
    static func mix(_ byte: UInt8, into hash: inout UInt64) {
        guard byte != UInt8(ascii: "_"), byte != UInt8(ascii: "-") else { return }
        hash ^= UInt64((0x41...0x5a).contains(byte) ? byte | 0x20 : byte)
        hash &*= 0x0000_0100_0000_01b3
    }

    /// The name in lower case without `_` and `-`.
    static func normalised(_ name: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.utf8.count)
        for byte in name.utf8 where byte != UInt8(ascii: "_") && byte != UInt8(ascii: "-") {
            bytes.append((0x41...0x5a).contains(byte) ? byte | 0x20 : byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
