/// A point in time, as microseconds since 1970.
package struct Timestamp: Sendable, Hashable {
    package let microseconds: Int64

    /// The last millisecond of the year 9999: RFC 3339 has four digits for a year.
    static let latest: Int64 = 253_402_300_799_999_000
}
