/// UUIDs of version 7 (RFC 9562): they sort by the time at which they were made.
package enum UUIDv7 {
    /// A new UUID in its usual lower-case form of 36 characters.
    package static func make() -> String {
        let milliseconds = UInt64(clamping: WallClock.microseconds() / 1_000)
        return make(milliseconds: milliseconds, high: .random(in: 0...0xfff), low: .random(in: 0...UInt64.max))
    }

    /// The least of those made at a time or later, in microseconds since 1970.
    package static func first(at time: Int64) -> String {
        make(milliseconds: UInt64(clamping: time / 1_000), high: 0, low: 0)
    }

    /// A new UUID for a message that came without an id. It ends in a mark, so that ``isSubstitute(_:)`` knows it: copies of
    /// such a message can't be told from one another.
    package static func makeSubstitute() -> String { String(make().dropLast(mark.count)) + mark }

    package static func isSubstitute(_ id: String) -> Bool { id.utf8.count == 36 && id.hasSuffix(mark) }

    /// Of 9 characters, at the end of each such UUID.
    package static let mark = "f1071a01d"

    /// - Parameters:
    ///   - milliseconds: since 1970; 48 bits are kept.
    ///   - high: 12 random bits.
    ///   - low: random; 62 bits are kept.
    static func make(milliseconds: UInt64, high: UInt16, low: UInt64) -> String {
        let first = milliseconds << 16 | 0x7000 | UInt64(high & 0x0fff)
        let second = 0x8000_0000_0000_0000 | (low & 0x3fff_ffff_ffff_ffff)
        return unsafe String(unsafeUninitializedCapacity: 36) { buffer in
            var index = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    unsafe buffer[index] = UInt8(ascii: "-")
                    index += 1
                }
                let word = nibble < 16 ? first : second
                let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - (nibble & 15) * 4)) & 15
                unsafe buffer[index] = value < 10 ? value + 0x30 : value + 0x57
                index += 1
            }
            return 36
        }
    }
}
