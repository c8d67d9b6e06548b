/// The audit log: `audit_lanes` hold the heads of the hash chains, `audit_logs` the rows, a partition for each month.
///
/// docs/audit-chain.md says what the hash of a row covers. `hash_version` names that encoding, so that columns may be
/// added later without a break in the chain; `base_sequence` and `base_hash` are where a chain begins once its oldest
/// months have been detached.
enum AuditMigration {
    static let sql = """
        CREATE TABLE audit_lanes (
            lane smallint NOT NULL,
            sequence bigint NOT NULL DEFAULT 0,
            hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
            recorded_at timestamptz NOT NULL DEFAULT 'epoch',
            base_sequence bigint NOT NULL DEFAULT 0,
            base_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
            CONSTRAINT pk_audit_lanes PRIMARY KEY (lane)
        ) WITH (fillfactor = 20);

        INSERT INTO audit_lanes (lane) SELECT generate_series(1, 8);

        CREATE TABLE audit_logs (
            lane smallint NOT NULL,
            hash_version smallint NOT NULL,
            sequence bigint NOT NULL,
            recorded_at timestamptz NOT NULL,
            occurred_at timestamptz NOT NULL,
            event text NOT NULL,
            actor text,
            subject text,
            service text,
            correlation_id text,
            message_id text NOT NULL,
            exchange text NOT NULL,
            routing_key text NOT NULL,
            trace_parent text,
            previous_hash bytea NOT NULL,
            hash bytea NOT NULL,
            body text NOT NULL,
            CONSTRAINT pk_audit_logs PRIMARY KEY (lane, sequence, recorded_at)
        ) PARTITION BY RANGE (recorded_at);

        -- Attaching needs a lock that leaves writers alone; creating as a partition would not.
        CREATE FUNCTION audit_logs_ensure_month(moment timestamptz) RETURNS text LANGUAGE plpgsql AS $function$
        DECLARE
            first_day timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
            partition text := 'audit_logs_' || to_char(first_day, 'YYYY_MM');
        BEGIN
            IF to_regclass(format('%I', partition)) IS NOT NULL THEN
                RETURN partition;
            END IF;
            PERFORM pg_advisory_xact_lock(hashtextextended('audit_logs_ensure_month', 0));
            IF to_regclass(format('%I', partition)) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE audit_logs INCLUDING ALL)', partition);
                EXECUTE format(
                    'ALTER TABLE audit_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                    partition,
                    first_day AT TIME ZONE 'UTC',
                    (first_day + interval '1 month') AT TIME ZONE 'UTC'
                );
            END IF;
            RETURN partition;
        END
        $function$;

        SELECT audit_logs_ensure_month(now()), audit_logs_ensure_month(now() + interval '1 month');
        """
}
