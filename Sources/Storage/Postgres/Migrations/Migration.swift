import Platform

/// One numbered step of the schema.
package struct Migration: Sendable, Hashable {
    /// From 1 upwards, without gaps.
    package let number: Int
    /// Lower-case words joined by underscores.
    package let name: String
    /// Statements separated by semicolons. Once released it never changes.
    package let sql: String

    package init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// SHA-256 of the SQL.
    var checksum: [UInt8] { SHA256.digest(sql) }

    var label: String { String(repeating: "0", count: max(4 - String(number).count, 0)) + "\(number)_\(name)" }
}
