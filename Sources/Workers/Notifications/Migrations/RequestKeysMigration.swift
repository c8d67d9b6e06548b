/// Takes over the idempotency keys of the last seven days' requests, whose `created_by` is the name of an API key.
///
/// They have no fingerprint, and any request with the key repeats the first one.
enum RequestKeysMigration {
    static let sql = """
        INSERT INTO idempotency_keys (caller, idempotency_key, resource, created_at)
        SELECT 'key:' || api_keys.id, request.idempotency_key, request.id, request.created_at
        FROM notification_requests AS request JOIN api_keys ON api_keys.name = request.created_by
        WHERE request.idempotency_key IS NOT NULL AND request.created_at > now() - interval '7 days'
        ON CONFLICT DO NOTHING;
        """
}
