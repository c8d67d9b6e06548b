/// One row. Every accessor takes a column's position and gives `nil` for NULL.
public struct SQLRow: Sendable {
    let handle: ResultHandle
    let row: Int

    /// Text of any type: numbers, dates, UUIDs and JSON are written as the server writes them.
    public func text(_ column: Int) -> String? {
        unsafe handle.decode(row, column) { unsafe BinaryDecoder.text($0, $1) }
    }

    /// A whole number; a `numeric` too, when it is whole and fits.
    public func int(_ column: Int) -> Int64? { unsafe handle.decode(row, column) { unsafe BinaryDecoder.int($0, $1) } }

    public func double(_ column: Int) -> Double? {
        unsafe handle.decode(row, column) { unsafe BinaryDecoder.double($0, $1) }
    }

    public func bool(_ column: Int) -> Bool? { int(column).map { $0 != 0 } }

    /// The bytes of a `bytea`, or the UTF-8 of a text.
    public func bytes(_ column: Int) -> [UInt8]? {
        unsafe handle.decode(row, column) { unsafe BinaryDecoder.bytes($0, $1) }
    }

    /// Microseconds since 1970, of a `timestamptz`, `timestamp` or `date`.
    public func timestamp(_ column: Int) -> Int64? {
        unsafe handle.decode(row, column) { unsafe BinaryDecoder.timestamp($0, $1) }
    }

    /// The elements of a one-dimensional `text[]`; NULL elements are left out.
    public func texts(_ column: Int) -> [String]? {
        unsafe handle.decode(row, column) { unsafe BinaryDecoder.texts($0, $1) }
    }
}
