import FlotillaPlatform

/// One numbered step of a module's schema.
public struct Migration: Sendable, Hashable {
    /// From 1 upwards within its module, without gaps.
    public let number: Int
    /// Lower-case words joined by underscores.
    public let name: String
    /// Statements separated by semicolons. Once released it never changes: its SHA-256 is kept with every database.
    public let sql: String
    /// The number that the step had while all modules were numbered as one; `nil` for later ones.
    package let formerNumber: Int?

    public init(number: Int, name: String, sql: String) {
        self.init(number: number, name: name, sql: sql, formerNumber: nil)
    }

    package init(number: Int, name: String, sql: String, formerNumber: Int?) {
        self.number = number
        self.name = name
        self.sql = sql
        self.formerNumber = formerNumber
    }

    /// SHA-256 of the SQL.
    var checksum: [UInt8] { SHA256.digest(sql) }
}
