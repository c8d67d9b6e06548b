import CFlotillaPostgres

/// The object identifiers of built-in types, from the server's `pg_type.dat`.
enum PostgresType {
    static let bool: Oid = 16
    static let bytea: Oid = 17
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let oid: Oid = 26
    static let float4: Oid = 700
    static let float8: Oid = 701
    static let bytesArray: Oid = 1001
    static let textArray: Oid = 1009
    static let int8Array: Oid = 1016
    static let date: Oid = 1082
    static let timestamp: Oid = 1114
    static let timestamptz: Oid = 1184
    static let timestamptzArray: Oid = 1185
    static let numeric: Oid = 1700
    static let uuid: Oid = 2950
    static let jsonb: Oid = 3802

    /// From 1970 to 2000, where the server's binary times begin, in microseconds.
    private static let epochOffset: Int64 = 946_684_800_000_000

    /// Microseconds since 1970 in the server's counting. What is beyond every date is its infinity, which has the least and
    /// the greatest number there too.
    static func binaryTime(_ time: Int64) -> Int64 {
        if time == .max { return .max }
        let (result, isBeyond) = time.subtractingReportingOverflow(epochOffset)
        return isBeyond ? .min : result
    }

    /// The inverse of ``binaryTime(_:)``.
    static func time(binary: Int64) -> Int64 {
        if binary == .min { return .min }
        let (result, isBeyond) = binary.addingReportingOverflow(epochOffset)
        return isBeyond ? .max : result
    }

    /// - Parameter days: from 2000 on; the least and the greatest number are infinity.
    static func time(binaryDays days: Int32) -> Int64 {
        let (binary, isBeyond) = Int64(days).multipliedReportingOverflow(by: 86_400_000_000)
        return isBeyond ? (days < 0 ? .min : .max) : time(binary: binary)
    }
}
