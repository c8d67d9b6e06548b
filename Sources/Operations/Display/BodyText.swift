import FlotillaModels
import FlotillaPlatform

/// A message's body as a person reads it: JSON indented, other text as it is, everything else as a hexadecimal dump.
///
/// What could steer the terminal is shown as its picture. Long bodies are cut; the bytes themselves are for `--raw`.
package enum BodyText {
    /// Longer bodies are cut.
    static let longest = 16_384

    package static func lines(of body: [UInt8]) -> [String] {
        guard !body.isEmpty else { return ["(empty)"] }
        let isWhole = body.count <= longest
        guard let text = String(validating: body, as: UTF8.self) else {
            return dump(body.prefix(longest / 4)) + rest(of: body.count, shown: min(body.count, longest / 4))
        }
        if isWhole, (try? JSONScanner.check(body)) != nil { return indented(text) }
        let shown = isWhole ? text : String(text.prefix(longest))
        return shown.split(separator: "\n", omittingEmptySubsequences: false).map { visible(String($0)) }
            + rest(of: body.count, shown: shown.utf8.count)
    }

    private static func rest(of count: Int, shown: Int) -> [String] {
        count > shown ? ["(\(count - shown) more bytes; see --raw)"] : []
    }

    /// - Parameter json: valid; only its blanks are changed.
    private static func indented(_ json: String) -> [String] {
        var text = ""
        var depth = 0
        var isInString = false
        var isEscaped = false
        var opened = false
        func newLine() -> String { "\n" + String(repeating: "  ", count: depth) }
        for scalar in json.unicodeScalars {
            if isInString {
                text.unicodeScalars.append(scalar)
                isInString = isEscaped || scalar != "\""
                isEscaped = !isEscaped && scalar == "\\"
                continue
            }
            guard !scalar.properties.isWhitespace else { continue }
            let closes = scalar == "}" || scalar == "]"
            if opened, !closes { text += newLine() }
            switch scalar {
            case "{", "[":
                depth += 1
                text.unicodeScalars.append(scalar)
            case "}", "]":
                depth -= 1
                if !opened { text += newLine() }
                text.unicodeScalars.append(scalar)
            case ",": text += "," + newLine()
            case ":": text += ": "
            default:
                isInString = scalar == "\""
                text.unicodeScalars.append(scalar)
            }
            opened = scalar == "{" || scalar == "["
        }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { visible(String($0)) }
    }

    /// Offset, sixteen bytes, and what of them is ASCII.
    private static func dump(_ bytes: ArraySlice<UInt8>) -> [String] {
        stride(from: 0, to: bytes.count, by: 16).map { offset in
            let row = bytes.dropFirst(offset).prefix(16)
            let digits = row.map { hexadecimal(Int($0), digits: 2) }.joined(separator: " ")
            let text = String(decoding: row.map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
            return hexadecimal(offset, digits: 8) + "  " + digits
                + String(repeating: " ", count: 48 - digits.count + 1) + text
        }
    }

    private static func hexadecimal(_ value: Int, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static func visible(_ line: String) -> String { line.showingTextControls(but: ["\t"]) }
}
