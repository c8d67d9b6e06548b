/// A dotted version number; what follows the numbers doesn't count.
struct Version: Comparable {
    private let numbers: [Int]

    init(_ text: String) {
        numbers = text.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { Int($0) }
    }

    static func < (left: Version, right: Version) -> Bool { left.numbers.lexicographicallyPrecedes(right.numbers) }
}
