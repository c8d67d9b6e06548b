/// A list of values with weights, as `Accept` and `Accept-Encoding` are (RFC 9110, section 12.4.2).
package struct WeightedValues: Sendable {
    /// In small letters, without parameters other than the weight; weights are thousandths.
    private let weights: [String: Int]

    /// A weight that can't be read is none: 1.
    package init(_ elements: [String]) {
        var weights: [String: Int] = [:]
        for element in elements {
            let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let name = parts.first, !name.isEmpty else { continue }
            let text = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
            // `nan` is a number to Swift.
            let number = text.flatMap { Double($0) }.flatMap { $0.isNaN ? nil : $0 }
            let weight = number.map { Int(min(max($0, 0), 1) * 1_000) } ?? 1_000
            weights[name] = max(weights[name] ?? 0, weight)
        }
        self.weights = weights
    }

    package var isEmpty: Bool { weights.isEmpty }

    /// The weight of the first of the names that is in the list, in thousandths.
    package func weight(of names: String...) -> Int? {
        for name in names { if let weight = weights[name] { return weight } }
        return nil
    }
}

extension HTTPHeaders {
    /// The elements of all fields with this name, which are lists.
    package func list(_ name: String) -> [String] {
        values(of: name).flatMap { value in
            value.split(separator: ",").map { String($0.trimmingSpaces) }.filter { !$0.isEmpty }
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
