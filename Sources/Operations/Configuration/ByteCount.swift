import FlotillaCommandLineKit

/// A number of bytes, as queue files spell it too: `65536`, `512KiB`, `8MiB`, `1GiB`.
package struct ByteCount: TextValue, Hashable, Comparable {
    package let count: Int

    private static let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]

    package init(_ count: Int) { self.count = count }

    package init?(text: String) {
        let (unit, factor) = Self.units.first { text.hasSuffix($0.0) } ?? ("", 1)
        guard let number = Int(text.dropLast(unit.count)), number > 0 else { return nil }
        let (count, isTooLarge) = number.multipliedReportingOverflow(by: factor)
        guard !isTooLarge else { return nil }
        self.count = count
    }

    package static var expectation: String { "a size such as 65536, 512KiB or 8MiB" }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.count < right.count }

    package var text: String {
        guard let (unit, factor) = Self.units.first(where: { count % $0.1 == 0 }) else { return String(count) }
        return "\(count / factor)\(unit)"
    }
}
