extension SearchText {
    /// Leaves dashes where they exclude a word or a phrase, or join two words; any other, such as a drawn line, becomes a
    /// space.
    ///
    /// Postgres takes each dash before a word for a negation of its own, and gives up on 33 in a row.
    ///
    /// - Parameter text: folded.
    static func meaningfulDashes(_ text: String) -> String {
        let bytes = Array(text.utf8)
        func isWord(_ index: Int) -> Bool { bytes.indices.contains(index) && bytes[index].belongsToWord }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "-") else {
                result.append(bytes[index])
                index += 1
                continue
            }
            let end = bytes[index...].firstIndex { $0 != UInt8(ascii: "-") } ?? bytes.count
            let isBeforePhrase = end < bytes.count && bytes[end] == UInt8(ascii: "\"") && isWord(end + 1)
            result.append(UInt8(ascii: isWord(end) || isBeforePhrase ? "-" : " "))
            index = end
        }
        return String(decoding: result, as: UTF8.self)
    }
}
