/// Which events and job types a key may hand in, beside its scopes: patterns, or the word `default` for all that no domain
/// guards.
///
/// Keys from before may enqueue what the default has, which is less than they could.
enum AccessMigration {
    static let sql = """
        ALTER TABLE api_keys
            ADD COLUMN events text[] NOT NULL DEFAULT '{default}',
            ADD COLUMN jobs text[] NOT NULL DEFAULT '{default}';
        UPDATE api_keys SET events = '{}', jobs = '{}' WHERE NOT 'enqueue' = ANY (scopes);
        """
}
