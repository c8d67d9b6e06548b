extension StyleSheet {
    /// Writes the declarations into the `style` attribute of each tag, before what that has itself. Lines stay lines.
    func inlined(in html: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var position = 0
        while position < html.count {
            guard html[position] == UInt8(ascii: "<"), let tag = StartTag(html, at: position) else {
                let end = Self.skip(html, from: position)
                output += html[position..<end]
                position = end
                continue
            }
            let style = style(of: tag.element, classes: tag.classes)
            if style.isEmpty {
                output += html[position..<tag.end]
            } else if let own = tag.style {
                output += html[position..<own] + style.utf8 + html[own..<tag.end]
            } else {
                output += html[position..<tag.nameEnd] + " style=\"\(style)\"".utf8 + html[tag.nameEnd..<tag.end]
            }
            position = tag.end
        }
        return output
    }

    /// The end of what begins here and has no tags of ours in it: a comment, a Mustache tag, or one byte.
    private static func skip(_ html: [UInt8], from start: Int) -> Int {
        for (opening, closing) in [("<!--", "-->"), ("{{", "}}"), ("<style", "</style"), ("<script", "</script")]
        where html[start...].starts(with: opening.utf8) {
            var index = start + opening.utf8.count
            while index < html.count, !html[index...].starts(with: closing.utf8) { index += 1 }
            return min(index + closing.utf8.count, html.count)
        }
        return start + 1
    }
}

/// `<name attribute="value">`, as far as styles need it.
private struct StartTag {
    var element = ""
    var classes: [String] = []
    /// Where the value of its own `style` begins.
    var style: Int?
    var nameEnd: Int
    var end: Int

    init?(_ html: [UInt8], at start: Int) {
        var index = start + 1
        while index < html.count, html[index].isNameByte { index += 1 }
        guard index > start + 1 else { return nil }
        element = String(decoding: html[start + 1..<index], as: UTF8.self).lowercased()
        guard element != "style", element != "script" else { return nil }
        (nameEnd, end) = (index, index)
        while index < html.count, html[index] != UInt8(ascii: ">") {
            guard html[index].isNameByte else {
                index += 1
                continue
            }
            let nameStart = index
            while index < html.count, html[index].isNameByte { index += 1 }
            let name = String(decoding: html[nameStart..<index], as: UTF8.self).lowercased()
            guard index + 1 < html.count, html[index] == UInt8(ascii: "=") else { continue }
            let quote = html[index + 1]
            guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { continue }
            guard let close = html[(index + 2)...].firstIndex(of: quote) else { return nil }
            if name == "class" {
                classes = String(decoding: html[index + 2..<close], as: UTF8.self).split(separator: " ").map(
                    String.init
                )
            } else if name == "style" {
                style = index + 2
            }
            index = close + 1
        }
        guard index < html.count else { return nil }
        end = index + 1
    }
}

extension UInt8 {
    fileprivate var isNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
