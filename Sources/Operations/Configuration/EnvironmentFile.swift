/// A `.env` file: `NAME=value` per line, `export` and comments allowed.
///
/// Single quotes keep everything between them; double quotes know `\n`, `\"`, `\\` and `\$`; nothing is expanded.
struct EnvironmentFile {
    private(set) var values: [String: String] = [:]
    /// Each with its line: ".env:3: …".
    private(set) var problems: [String] = []

    init(_ text: String, name: String = ".env") {
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            guard let problem = take(Self.trimmed(line)) else { continue }
            problems.append("\(name):\(number + 1): \(problem)")
        }
    }

    /// What is wrong with the line, if anything.
    private mutating func take(_ line: Substring) -> String? {
        guard let first = line.first, first != "#" else { return nil }
        let line = line.hasPrefix("export ") ? Self.trimmed(line.dropFirst(7)) : line
        guard let equals = line.firstIndex(of: "=") else { return "NAME=value is expected" }
        let name = line[..<equals]
        guard let letter = name.unicodeScalars.first, letter == "_" || letter.properties.isAlphabetic,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        else { return "“\(Credentials.hidden(in: String(name)))” is no name of a variable" }
        let value = Self.trimmed(line[line.index(after: equals)...])
        switch value.first {
        case "'": return takeQuoted(value, quote: "'", for: String(name))
        case "\"": return takeQuoted(value, quote: "\"", for: String(name))
        default:
            var plain = value
            if let comment = value.firstRange(of: " #") { plain = Self.trimmed(value[..<comment.lowerBound]) }
            values[String(name)] = String(plain)
            return nil
        }
    }

    private mutating func takeQuoted(_ value: Substring, quote: Character, for name: String) -> String? {
        var text = ""
        var rest = value.dropFirst()
        while let character = rest.popFirst() {
            if character == quote {
                let tail = Self.trimmed(rest)
                guard tail.isEmpty || tail.hasPrefix("#") else { return "there is more after the closing quote" }
                values[name] = text
                return nil
            }
            if character == "\\", quote == "\"", let next = rest.popFirst() {
                text.append(next == "n" ? "\n" : next)
            } else {
                text.append(character)
            }
        }
        return "the quote is not closed"
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
