extension String {
    /// Whether YAML takes the plain scalar for nothing, a truth value or a number.
    var readsAsOtherThanText: Bool {
        ["", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"].contains(self)
            || decimalNumber != nil
    }

    /// A whole number without leading zeros, which some readers take for octal.
    var wholeNumber: Int? {
        let digits = hasPrefix("-") ? dropFirst() : self[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard digits == "0" || !digits.hasPrefix("0") else { return nil }
        return Int(self)
    }

    /// A finite number in decimal notation.
    var decimalNumber: Double? {
        guard let first = utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first) else { return nil }
        guard utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }) else { return nil }
        return Double(self).flatMap { $0.isFinite ? $0 : nil }
    }

    var byteCount: Int? {
        for (suffix, factor) in [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)] where hasSuffix(suffix) {
            guard let count = String(dropLast(suffix.count)).wholeNumber, count <= Int.max / factor else { return nil }
            return count * factor
        }
        return wholeNumber
    }

    /// The candidate that a slip of the fingers away, if there is one: at most a third of the letters differ.
    package func closest(in candidates: [String]) -> String? {
        guard count <= 40 else { return nil }
        let ranked = candidates.map { (name: $0, distance: distance(to: $0)) }.min { $0.distance < $1.distance }
        guard let ranked, ranked.distance <= max(1, min(3, count / 3)) else { return nil }
        return ranked.name
    }

    /// Letters to insert, drop, change or swap with their neighbour, to come to `other`; case counts nothing.
    private func distance(to other: String) -> Int {
        let left = Array(lowercased())
        let right = Array(other.lowercased())
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let substitution = last[column] + (left[row] == right[column] ? 0 : 1)
                var best = Swift.min(substitution, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = Swift.min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
