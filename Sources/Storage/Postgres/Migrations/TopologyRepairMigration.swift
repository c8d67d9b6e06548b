/// What is kept of queues that were lost, and of messages that wait since they could not be published.
///
/// `queue_marks` has, for each queue, when it was known to hold nothing ready. A row of `queue_gaps` is one loss: what
/// came since the mark may be missing, or, where the queue was only unbound, what came meanwhile. It is open until what can
/// be replayed has been. `waiting_for` of the outbox names
/// the queue whose retry or dead letter a row holds; `waiting_key` is the same for two copies of one.
enum TopologyRepairMigration {
    static let sql = """
        CREATE TABLE queue_marks (
            queue text NOT NULL CONSTRAINT pk_queue_marks PRIMARY KEY,
            seen_at timestamptz NOT NULL DEFAULT now(),
            drained_at timestamptz
        );

        CREATE TABLE queue_gaps (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_queue_gaps PRIMARY KEY,
            queue text NOT NULL,
            since timestamptz NOT NULL,
            noticed_at timestamptz NOT NULL DEFAULT now(),
            declared_at timestamptz,
            claimed_until timestamptz,
            claimed_by text,
            finished_at timestamptz,
            replayed bigint NOT NULL DEFAULT 0,
            left_out bigint NOT NULL DEFAULT 0,
            note text,
            is_unbound boolean NOT NULL DEFAULT false
        );
        CREATE UNIQUE INDEX uk_queue_gaps_queue_open ON queue_gaps (queue) WHERE finished_at IS NULL;
        CREATE INDEX idx_queue_gaps_noticed_at ON queue_gaps (noticed_at);

        ALTER TABLE outbox ADD COLUMN waiting_for text, ADD COLUMN waiting_key text;
        CREATE UNIQUE INDEX uk_outbox_waiting_key ON outbox (waiting_key) WHERE waiting_key IS NOT NULL;
        CREATE INDEX idx_outbox_waiting_for ON outbox (waiting_for) WHERE waiting_for IS NOT NULL;
        """
}
