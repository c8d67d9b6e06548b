/// Dead letters that Postgres or an observer has refused: each as it lay in its queue, until it is filed and told of.
///
/// There is no constraint on what comes from the message, so that nothing in it can keep it out.
enum UnsettledMigration {
    static let sql = """
        CREATE TABLE unsettled_dead_letters (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_unsettled_dead_letters PRIMARY KEY,
            dead_letter_queue text NOT NULL,
            exchange text NOT NULL,
            routing_key text NOT NULL,
            properties text NOT NULL,
            headers text NOT NULL,
            body bytea NOT NULL,
            is_filed boolean NOT NULL,
            problem text NOT NULL,
            tries integer NOT NULL DEFAULT 1,
            set_aside_at timestamptz NOT NULL DEFAULT now(),
            due_at timestamptz NOT NULL DEFAULT now() + interval '1 second'
        );
        CREATE INDEX idx_unsettled_dead_letters_due_at ON unsettled_dead_letters (due_at);
        """
}
