/// Remembers the strings that repeat on a connection (exchanges, routing keys, tags), so that each is made once.
///
/// A direct-mapped cache: two strings that meet in one slot take turns.
struct StringCache {
    private static let slots = 256

    private var entries = [String](repeating: "", count: slots)

    /// The string with these bytes; bytes that are not UTF-8 are replaced as `String(decoding:)` does.
    mutating func string(_ bytes: UnsafeRawBufferPointer) -> String {
        // Short strings live inside `String` itself and cost nothing to make.
        if bytes.count <= 15 { return unsafe String(decoding: bytes, as: UTF8.self) }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in 0..<bytes.count { hash = (hash ^ UInt64(unsafe bytes[index])) &* 0x0000_0100_0000_01b3 }
        let slot = Int(truncatingIfNeeded: hash >> 32) & (Self.slots - 1)
        let isHit =
            unsafe entries[slot].utf8.withContiguousStorageIfAvailable { known in
                unsafe known.count == bytes.count && UnsafeRawBufferPointer(known).elementsEqual(bytes)
            } ?? false
        if isHit { return entries[slot] }
        let string = unsafe String(decoding: bytes, as: UTF8.self)
        // Only what fits a short string of AMQP is asked for, so the cache stays small.
        entries[slot] = string
        return string
    }
}
