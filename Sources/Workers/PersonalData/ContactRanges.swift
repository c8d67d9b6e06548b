/// Where e-mail addresses, telephone numbers and links stand in a text.
package enum ContactRanges {
    /// The text with something in the place of each of them.
    package static func replacing(in text: String, with placeholder: String) -> String {
        var bytes = Array(text.utf8)
        var isChanged = false
        for find in [links, { addresses(in: $0) }, { numbers(in: $0) }] {
            let places = find(bytes)
            guard !places.isEmpty else { continue }
            isChanged = true
            for place in places.reversed() { bytes.replaceSubrange(place, with: placeholder.utf8) }
        }
        return isChanged ? String(decoding: bytes, as: UTF8.self) : text
    }

    package static func addresses(in text: [UInt8]) -> [Range<Int>] {
        var places: [Range<Int>] = []
        for (index, byte) in text.enumerated() where byte == UInt8(ascii: "@") {
            var start = index
            while start > places.last?.upperBound ?? 0, text[start - 1].isAddressByte { start -= 1 }
            var end = index + 1
            while end < text.count, text[end].isAddressByte { end += 1 }
            while end > index, text[end - 1] == UInt8(ascii: ".") { end -= 1 }
            if start < index, text[index + 1..<max(end, index + 1)].contains(UInt8(ascii: ".")) {
                places.append(start..<end)
            }
        }
        return places
    }

    /// Nine digits or more that begin as telephone numbers do.
    ///
    /// - Parameter own: the last digits of a number that is found however it is written; six or more, or none.
    package static func numbers(in text: [UInt8], own: [UInt8] = []) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var index = 0
        while index < text.count {
            guard text[index].isDigit || text[index] == UInt8(ascii: "+") else {
                index += 1
                continue
            }
            var end = index + 1
            var digits = text[index].isDigit ? [text[index]] : []
            var next = end
            // Up to two signs may stand between two digits.
            while next < text.count, next - end < 3 {
                if text[next].isDigit {
                    digits.append(text[next])
                    end = next + 1
                } else if !" .-()/".utf8.contains(text[next]) {
                    break
                }
                next += 1
            }
            let beginsLikeOne = text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "0")
            let isOwn = own.count >= 6 && digits.suffix(own.count).elementsEqual(own)
            if isOwn || beginsLikeOne && (9...15).contains(digits.count) { places.append(index..<end) }
            index = end
        }
        return places
    }

    /// From a scheme, such as `https://`, to the next blank, quote or bracket.
    private static func links(in text: [UInt8]) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var index = 0
        while index + 2 < text.count {
            guard text[index...].starts(with: "://".utf8) else {
                index += 1
                continue
            }
            var start = index
            while start > places.last?.upperBound ?? 0, text[start - 1].isLetter { start -= 1 }
            var end = index + 3
            while end < text.count, !text[end].endsLink { end += 1 }
            if start < index { places.append(start..<end) }
            index = end
        }
        return places
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
    fileprivate var isLetter: Bool { (0x41...0x5a).contains(self & 0xdf) }
    fileprivate var endsLink: Bool { self <= 0x20 || self == 0x7f || "\"'<>()[]{}|\\".utf8.contains(self) }

    fileprivate var isAddressByte: Bool {
        isDigit || isLetter || self >= 0x80 || "._%+-".utf8.contains(self)
    }
}
