/// A number by its decimal digits, so that no amount is changed by binary fractions.
package struct DecimalNumber: Sendable, Hashable {
    var isNegative: Bool
    /// Without leading zeros; “0” for none.
    var whole: String
    /// Without trailing zeros.
    var fraction: String

    /// Reads JSON's numbers, plain or from a text: `99.99`, `-1e3`. At most 40 digits either side of the point.
    package init?(_ text: String) {
        var rest = text[...]
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest = rest.dropFirst() }
        var exponent = 0
        if let mark = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            guard let number = Int(rest[rest.index(after: mark)...]), (-40...40).contains(number) else { return nil }
            exponent = number
            rest = rest[..<mark]
        }
        let parts = rest.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, !first.isEmpty, rest.utf8.count <= 80, parts.count == 1 || !parts[1].isEmpty,
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        var digits = Array(first.utf8) + (parts.count == 2 ? Array(parts[1].utf8) : [])
        var point = first.utf8.count + exponent
        if point < 0 { (digits, point) = (Array(repeating: 0x30, count: -point) + digits, 0) }
        if point > digits.count { digits += Array(repeating: 0x30, count: point - digits.count) }
        self.init(isNegative: isNegative, whole: digits[..<point], fraction: digits[point...])
        guard whole.utf8.count <= 40, fraction.utf8.count <= 40 else { return nil }
    }

    private init(isNegative: Bool, whole: ArraySlice<UInt8>, fraction: ArraySlice<UInt8>) {
        let significant = whole.drop { $0 == 0x30 }
        self.whole = significant.isEmpty ? "0" : String(decoding: significant, as: UTF8.self)
        let end = fraction.lastIndex { $0 != 0x30 }.map { $0 + 1 } ?? fraction.startIndex
        self.fraction = String(decoding: fraction[..<end], as: UTF8.self)
        self.isNegative = isNegative && (self.whole != "0" || !self.fraction.isEmpty)
    }

    /// Rounded half away from zero, with exactly so many digits behind the point.
    func rounded(to places: Int) -> (whole: String, fraction: String) {
        let kept = Array(fraction.utf8.prefix(places))
        var digits = Array(whole.utf8) + kept + Array(repeating: 0x30, count: places - kept.count)
        let next = fraction.utf8.dropFirst(places).first
        if let next, next >= 0x35 {
            var index = digits.count - 1
            while index >= 0, digits[index] == 0x39 {
                digits[index] = 0x30
                index -= 1
            }
            if index >= 0 { digits[index] += 1 } else { digits.insert(0x31, at: 0) }
        }
        let point = digits.count - places
        return (String(decoding: digits[..<point], as: UTF8.self), String(decoding: digits[point...], as: UTF8.self))
    }

    /// `nil` when it is no whole number or a huge one.
    var integer: Int? { fraction.isEmpty ? Int(whole).map { isNegative ? -$0 : $0 } : nil }
}
