extension PostgresError {
    /// Whether the installation is at fault: a table, a column, a function, a schema, a database or a right is missing,
    /// or the login is refused. The same statement goes through once somebody has migrated or granted.
    package var isInstallationFault: Bool {
        guard case .sqlState(let state) = code else { return false }
        return state.hasPrefix("28") || Self.missing.contains(state)
    }

    /// Undefined table, column, function, object and conflict target, insufficient privilege, invalid database and schema.
    private static let missing: Set<String> = ["42P01", "42703", "42883", "42704", "42P10", "42501", "3D000", "3F000"]
}
