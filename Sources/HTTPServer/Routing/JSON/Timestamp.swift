/// A point in time, as microseconds since 1970.
package struct Timestamp: Sendable, Hashable {
    package let microseconds: Int64
}
