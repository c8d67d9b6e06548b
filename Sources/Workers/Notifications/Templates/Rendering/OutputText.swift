import FlotillaLocalization

/// The text that is being made. Values are written so that they can't be anything but text where they stand.
package struct OutputText {
    /// The longest text that a notification may have. Mail programs cut far shorter ones.
    static let maximumSize = 1 << 20

    private(set) var bytes: [UInt8]

    /// - Parameter capacity: About how long the text will be.
    init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    mutating func write(template text: [UInt8]) throws(UnwritableValue) {
        try reserve(text.count)
        bytes += text
    }

    /// - Parameter isOurs: A text that was made by `write` before, whose isolates stay as they are.
    mutating func write(_ text: String, as escaping: Escaping, isOurs: Bool = false) throws(UnwritableValue) {
        try reserve(text.utf8.count)
        switch escaping {
        case .plain, .content:
            // First strong isolate … pop directional isolate (UAX 9, 2.5): a name of the other direction stays in one piece.
            let isIsolated = !isOurs && text.utf8.span.hasRightToLeft
            if isIsolated { bytes += [0xe2, 0x81, 0xa8] }
            write(text, isHTML: escaping == .content, isOurs: isOurs)
            if isIsolated { bytes += [0xe2, 0x81, 0xa9] }
        case .attribute: write(text, isHTML: true, isOurs: isOurs)
        case .link: try write(link: text)
        case .linkPart: for byte in text.utf8 { writeInLink(byte, isPart: true) }
        }
        try reserve(0)
    }

    /// Line breaks become `<br>`.
    mutating func write(lines text: String) throws(UnwritableValue) {
        var isFirst = true
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if !isFirst { bytes += "<br>\n".utf8 }
            isFirst = false
            try write(String(line), as: .content)
        }
    }

    private func reserve(_ count: Int) throws(UnwritableValue) {
        guard bytes.count + count <= Self.maximumSize else {
            throw UnwritableValue(text: "makes the text longer than \(Self.maximumSize) bytes")
        }
    }

    /// Leaves out what is no text: control characters, and those that reorder the text after them.
    private mutating func write(_ text: String, isHTML: Bool, isOurs: Bool) {
        let span = text.utf8.span
        var index = 0
        while index < span.count {
            let byte = span[index]
            let mayBeIgnored = !isOurs && (byte < 0x20 || byte == 0x7f || byte == 0xc2 || byte == 0xe2)
            let ignored = mayBeIgnored ? span.ignorable(at: index) : 0
            if ignored > 0 {
                index += ignored
                continue
            }
            index += 1
            guard isHTML else {
                bytes.append(byte)
                continue
            }
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&#39;".utf8
            default: bytes.append(byte)
            }
        }
    }

    /// Only addresses that open a page or write a mail; scripts and data have schemes too.
    private mutating func write(link text: String) throws(UnwritableValue) {
        let lowercased = text.prefix(8).lowercased()
        let rest: Substring.UTF8View
        if lowercased.hasPrefix("https://") {
            rest = text.dropFirst(8).utf8
        } else if lowercased.hasPrefix("http://") || lowercased.hasPrefix("mailto:") {
            rest = text.dropFirst(7).utf8
        } else {
            throw UnwritableValue(text: "is no address that begins with https://, http:// or mailto:")
        }
        guard let first = rest.first, first.isURLWord || first >= 0x80 || first == UInt8(ascii: "[") else {
            throw UnwritableValue(text: "is an address without a host")
        }
        for byte in text.utf8 { writeInLink(byte, isPart: false) }
    }

    private mutating func writeInLink(_ byte: UInt8, isPart: Bool) {
        if byte.isURLWord {
            bytes.append(byte)
        } else if !isPart, byte == UInt8(ascii: "&") {
            bytes += "&amp;".utf8
        } else if !isPart, byte >= 0x80 || ":/?#[]@!$()*+,;=%".utf8.contains(byte) {
            bytes.append(byte)
        } else if isPart, byte == UInt8(ascii: "@") {
            bytes.append(byte)
        } else {
            let digits = Array("0123456789ABCDEF".utf8)
            bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}

extension UInt8 {
    /// RFC 3986, 2.3: unreserved.
    fileprivate var isURLWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

extension Span<UInt8> {
    /// How many bytes to leave out from here: controls but tab and line breaks, U+0080…9F, U+202A…E, U+2066…9.
    fileprivate func ignorable(at index: Int) -> Int {
        let byte = self[index]
        if byte < 0x80 { return byte == 0x09 || byte == 0x0a || byte == 0x0d ? 0 : 1 }
        if byte == 0xc2 { return index + 1 < count && self[index + 1] < 0xa0 ? 2 : 0 }
        guard index + 2 < count else { return 0 }
        switch (self[index + 1], self[index + 2]) {
        case (0x80, 0xaa...0xae), (0x81, 0xa6...0xa9): return 3
        default: return 0
        }
    }

    /// Whether a letter of a script that runs from right to left is in it.
    fileprivate var hasRightToLeft: Bool {
        for index in indices where self[index] >= 0xd6 {
            let next = index + 1 < count ? self[index + 1] : 0
            let third = index + 2 < count ? self[index + 2] : 0
            switch self[index] {
            case 0xd6: if next >= 0x90 { return true }
            case 0xd7...0xdf: return true
            case 0xe0: if (0xa0...0xa3).contains(next) { return true }
            case 0xef:
                if next == 0xac && third >= 0x9d || (0xad...0xb7).contains(next)
                    || next == 0xb9 && third >= 0xb0 || next == 0xba
                {
                    return true
                }
            case 0xf0:
                if next == 0x90 && third >= 0xa0 || next == 0x9e && (0xa0...0xbb).contains(third) { return true }
            default: break
            }
        }
        return false
    }
}
