/// A step as `schema_migrations` records it.
struct AppliedMigration: Sendable, Hashable {
    let module: String
    let number: Int
    let name: String
    let checksum: [UInt8]
}
