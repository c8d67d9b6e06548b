extension Duration {
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Reads a whole number with a unit: `100ms`, `1s`, `5m`, `2h`, `14d`. At most a hundred years.
    ///
    /// `nil` for anything else, signs, blanks and fractions included.
    public init?(text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(digits.count)
        guard let number = Int64(digits), let unit = Self.units.first(where: { $0.suffix == suffix }) else {
            return nil
        }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
        guard !overflow, milliseconds <= 36_525 * 86_400_000 else { return nil }
        self = .milliseconds(milliseconds)
    }

    /// The shortest text that ``init(text:)`` reads back: `90s` is `90s`, 120 seconds are `2m`. Parts of a
    /// millisecond are cut off.
    public var text: String {
        let total = milliseconds
        guard total != 0 else { return "0s" }
        let unit = Self.units.last { total % $0.milliseconds == 0 }
        return unit.map { "\(total / $0.milliseconds)\($0.suffix)" } ?? "\(total)ms"
    }
}
