import FlotillaHTTPRouting

extension Rule where Value == ProfileQuery.Bounds {
    /// A least value (`3`), a range (`3-5`), or an open one (`3-`, `-5`), of numbers from 0 on.
    static var bounds: Self {
        let check: @Sendable (String) throws(RuleProblem) -> ProfileQuery.Bounds = { text throws(RuleProblem) in
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            let numbers = parts.map { number(String($0)) }
            let isRead = zip(parts, numbers).allSatisfy { $0.isEmpty || $1 != nil }
            guard (1...2).contains(parts.count), isRead, numbers.contains(where: { $0 != nil }) else {
                throw RuleProblem("has to be a least number such as 3, or a range such as 3-5, 3- or -5")
            }
            let bounds = ProfileQuery.Bounds(lowest: numbers[0], highest: parts.count == 2 ? numbers[1] : nil)
            if let lowest = bounds.lowest, let highest = bounds.highest, lowest > highest {
                throw RuleProblem("has to begin with the smaller number")
            }
            return bounds
        }
        let digits = "[0-9]{1,9}(\\\\.[0-9]{1,8})?"
        let pattern = "^(\(digits)(-(\(digits))?)?|-\(digits))$"
        return Rule(
            schema: "{\"type\":\"string\",\"minLength\":1,\"maxLength\":40,\"pattern\":\"\(pattern)\"}",
            read: { member throws(RuleProblem) in try check(member.string()) },
            readText: check
        )
    }

    private static func number(_ text: String) -> Double? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isPlain =
            (1...2).contains(parts.count) && (1...9).contains(parts[0].count)
            && (parts.count == 1 || (1...8).contains(parts[1].count))
            && parts.joined().allSatisfy { (0x30...0x39).contains($0) }
        return isPlain ? Double(text) : nil
    }
}

extension Rule where Value == String {
    /// What a search that costs nothing may not have.
    static var onlyCounted: Self {
        let problem = RuleProblem("belongs to a search that counts: send it as POST /api/v1/search")
        return Rule(
            schema: #"{"not":{}}"#,
            read: { _ throws(RuleProblem) in throw problem },
            readText: { _ throws(RuleProblem) in throw problem }
        )
    }
}

extension Rule where Value == [String] {
    /// Words between commas, each of 1 to `length` bytes, at most `count` of them.
    static func list(upTo count: Int, length: Int) -> Self {
        let check: @Sendable (String) throws(RuleProblem) -> [String] = { text throws(RuleProblem) in
            let words = text.split(separator: ",").map(String.init)
            guard !words.isEmpty, words.count <= count else { throw RuleProblem("has to be 1 to \(count) words") }
            for word in words {
                guard word.utf8.count <= length else { throw RuleProblem("has words longer than \(length) bytes") }
                guard !word.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
                    throw RuleProblem("has control characters")
                }
            }
            return words
        }
        return Rule(
            schema: "{\"type\":\"string\",\"minLength\":1,\"description\":\"Words between commas.\"}",
            read: { member throws(RuleProblem) in try check(member.string()) },
            readText: check
        )
    }
}
