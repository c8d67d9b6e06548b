/// A mail server's reply: `550 5.1.1 no such user`.
package struct SMTPReply: Sendable, Hashable, CustomStringConvertible {
    /// The longest text that is kept, in characters.
    private static let longestText = 500

    package let code: Int
    /// `5.1.1`, where the server gives one (RFC 3463).
    package let enhancedStatus: String?
    /// The server's words, the enhanced status among them; the lines of one reply with a blank between.
    package let text: String

    package var description: String { text.isEmpty ? "\(code)" : "\(code) \(text)" }

    package init(code: Int, text: String) {
        self.code = code
        self.text = text
        let word = text.prefix { $0 != " " }
        let numbers = word.split(separator: ".", omittingEmptySubsequences: false)
        let isStatus = numbers.count == 3 && numbers.allSatisfy { (1...3).contains($0.utf8.count) && Int($0) != nil }
        enhancedStatus = isStatus ? String(word) : nil
    }

    /// The last whole reply among the lines that a server sent, its reply to QUIT (221) left out; `nil` without one.
    ///
    /// Control characters become blanks.
    init?(lastOf lines: [String]) {
        guard let end = lines.lastIndex(where: { Self.isEnd($0) }),
            let code = Self.parts(lines[end])?.code
        else { return nil }
        var start = end
        while start > 0, let before = Self.parts(lines[start - 1]), !before.isLast, before.code == code { start -= 1 }
        let words = lines[start...end].compactMap { Self.parts($0)?.text }.joined(separator: " ")
        let clean = String(words.unicodeScalars.map { $0.isControl ? " " : Character($0) })
        self.init(code: code, text: String(clean.prefix(Self.longestText)))
    }

    /// How many whole replies among the lines are a yes (2xx), its reply to QUIT (221) left out.
    static func approvals(in lines: [String]) -> Int {
        lines.count { isEnd($0) && parts($0).map { (200..<300).contains($0.code) } == true }
    }

    private static func isEnd(_ line: String) -> Bool {
        guard let parts = parts(line) else { return false }
        return parts.isLast && parts.code != 221
    }

    private static func parts(_ line: String) -> (code: Int, isLast: Bool, text: Substring)? {
        let digits = line.utf8.prefix(3)
        guard digits.count == 3, digits.allSatisfy({ (0x30...0x39).contains($0) }), let code = Int(line.prefix(3))
        else {
            return nil
        }
        let rest = line.dropFirst(3)
        guard rest.isEmpty || rest.first == " " || rest.first == "-" else { return nil }
        return (code, rest.first != "-", rest.dropFirst())
    }
}
