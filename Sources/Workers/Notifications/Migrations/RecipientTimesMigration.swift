/// Recipients whom an event from the future had taken for ever: what it said dates from when it came, so that later events
/// win again.
enum RecipientTimesMigration {
    static let sql = """
        UPDATE recipients SET times = (
            SELECT jsonb_object_agg(name, least(time::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint))
            FROM jsonb_each_text(times) AS known (name, time)
        )
        WHERE EXISTS (
            SELECT FROM jsonb_each_text(times) AS known (name, time)
            WHERE time::bigint > extract(epoch FROM now() + interval '1 day') * 1000000
        );
        """
}
