import FlotillaModels

/// Text beyond ASCII in header fields: RFC 2047, in UTF-8.
enum EncodedWords {
    /// The longest encoded word, delimiters included.
    private static let longestWord = 75
    private static let opening = "=?UTF-8?B?"
    private static let closing = "?="

    /// Whether the text reads back unchanged without being encoded.
    static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8
        return bytes.allSatisfy { (0x20...0x7e).contains($0) } && bytes.first != 0x20 && bytes.last != 0x20
            && !text.contains("  ") && !text.contains("=?")
    }

    /// Words between folds; readers drop the folds. A character is never split between two words.
    ///
    /// - Parameter firstColumn: how much of the first line is taken.
    static func encode(_ text: String, firstColumn: Int) -> String {
        let isMostlyASCII = text.utf8.count { $0 >= 0x80 } * 5 <= text.utf8.count
        var words: [String] = []
        var word: [UInt8] = []
        var cost = 0
        var room = min(longestWord, MIMEText.lineLength - firstColumn) - opening.utf8.count - closing.utf8.count
        func finish() {
            words.append(isMostlyASCII ? quoted(word) : opening + Base64.encode(word) + closing)
            word = []
            cost = 0
            room = longestWord - opening.utf8.count - closing.utf8.count
        }
        for scalar in text.unicodeScalars {
            let added = Array(String(scalar).utf8)
            let addedCost = isMostlyASCII ? added.reduce(0) { $0 + (isSafe($1) || $1 == 0x20 ? 1 : 3) } : added.count
            let total = isMostlyASCII ? cost + addedCost : (cost + addedCost + 2) / 3 * 4
            if total > room, !word.isEmpty { finish() }
            word += added
            cost += addedCost
        }
        finish()
        return words.joined(separator: "\r\n ")
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        var text = "=?UTF-8?Q?"
        for byte in bytes {
            switch byte {
            case 0x20: text += "_"
            case _ where isSafe(byte): text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += QuotedPrintable.escape(byte)
            }
        }
        return text + closing
    }

    /// What the strictest place, a phrase, allows (RFC 2047, 5).
    private static func isSafe(_ byte: UInt8) -> Bool {
        byte.isLetterDigitOrHyphen || "!*+/".utf8.contains(byte)
    }
}
