/// A step with the module that it belongs to.
package struct SchemaStep: Sendable, Hashable {
    package let module: String
    package let migration: Migration

    /// `audit 0002_privacy`.
    package var label: String {
        let number = String(migration.number)
        return "\(module) \(String(repeating: "0", count: max(4 - number.utf8.count, 0)))\(number)_\(migration.name)"
    }
}
