/// One quick look at a body, which most bodies need no more than.
package enum PersonalScan {
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// Whether a name of the table, an `@`, or a value that looks sealed occurs anywhere; true when in doubt.
    ///
    /// - Parameter body: checked JSON.
    package static func mayConcern(_ body: [UInt8], _ names: FieldNameTable) -> Bool {
        let bytes = body.span
        let count = bytes.count
        var position = 0
        while position < count {
            guard bytes[position] == quote else {
                position += 1
                continue
            }
            let start = position + 1
            position = start
            var hash = FieldName.emptyHash
            var isPlain = true
            while position < count {
                let byte = bytes[position]
                if byte == quote { break }
                if byte == UInt8(ascii: "@") { return true }
                if byte == backslash {
                    isPlain = false
                    position += 1
                } else {
                    FieldName.mix(byte, into: &hash)
                }
                position += 1
            }
            let end = position
            position += 1
            while position < count, bytes[position] <= 0x20 { position += 1 }
            if position < count, bytes[position] == UInt8(ascii: ":") {
                if !isPlain || names.contains(hash) { return true }
            } else {
                // An escape may hide an `@`, and what looks sealed already must not be taken for ours.
                if !isPlain, mayHide(bytes, start, end) { return true }
                if end - start > 10, bytes[start] == UInt8(ascii: "s"), bytes[start + 6] == UInt8(ascii: ":") {
                    return true
                }
            }
        }
        return false
    }

    /// Whether there is an escape by a number, which may stand for any character.
    private static func mayHide(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var position = start
        while position + 1 < end {
            if bytes[position] == backslash {
                if bytes[position + 1] == UInt8(ascii: "u") { return true }
                position += 1
            }
            position += 1
        }
        return false
    }
}
