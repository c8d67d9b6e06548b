/// Quotas of several kinds, the course of subscriptions, and tokens.
///
/// A subscription has a period once it is paid for; `told_at` is the time of the newest event about it, so that an older
/// one that arrives late changes nothing. `quotas.version` grows with every change of a row: whoever shows a quota
/// elsewhere can tell a newer state from an older one.
enum SubscriptionsMigration {
    static let sql = plans + subscriptions + tokens

    private static let plans = """
        ALTER TABLE plans
            ADD COLUMN token_allowance bigint NOT NULL DEFAULT 0,
            ADD CONSTRAINT ck_plans_token_allowance CHECK (token_allowance >= 0);
        INSERT INTO plan_limits (plan, kind, usage_limit) VALUES
            ('freemium', 'searches', 500), ('pro', 'searches', 10000), ('enterprise', 'searches', NULL);

        ALTER TABLE quotas ADD COLUMN version bigint NOT NULL DEFAULT 0;

        """

    private static let subscriptions = """
        ALTER TABLE subscriptions
            ALTER COLUMN period_start DROP NOT NULL,
            ALTER COLUMN period_end DROP NOT NULL,
            ADD COLUMN cancels_at_end boolean NOT NULL DEFAULT false,
            ADD COLUMN told_at timestamptz,
            ADD COLUMN ended_at timestamptz,
            ADD CONSTRAINT ck_subscriptions_period CHECK (
                status <> 'active' OR (period_start IS NOT NULL AND period_end IS NOT NULL));
        UPDATE subscriptions SET told_at = period_start;
        ALTER TABLE subscriptions ALTER COLUMN told_at SET NOT NULL;
        CREATE INDEX idx_subscriptions_company_id ON subscriptions (company_id, told_at DESC);

        ALTER TABLE subscription_periods ALTER COLUMN payment_id DROP NOT NULL;
        CREATE INDEX idx_subscription_periods_subscription_id ON subscription_periods (subscription_id, period_start);

        CREATE TABLE subscription_notices (
            subscription_id text NOT NULL,
            period_end timestamptz NOT NULL,
            lead_seconds bigint NOT NULL,
            recorded_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_subscription_notices PRIMARY KEY (subscription_id, period_end, lead_seconds),
            CONSTRAINT fk_subscription_notices_subscription_id
                FOREIGN KEY (subscription_id) REFERENCES subscriptions (id)
        );

        """

    /// What a company has is the sum of its entries: `balance` when there is something left, `debt` when more was used
    /// than there was. Entries are never changed.
    private static let tokens = """
        CREATE TABLE token_accounts (
            company_id text NOT NULL,
            balance bigint NOT NULL DEFAULT 0,
            debt bigint NOT NULL DEFAULT 0,
            entries bigint NOT NULL DEFAULT 0,
            updated_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_token_accounts PRIMARY KEY (company_id),
            CONSTRAINT ck_token_accounts_balance CHECK (balance >= 0 AND debt >= 0 AND (balance = 0 OR debt = 0))
        ) WITH (fillfactor = 70);

        CREATE TABLE token_ledger (
            company_id text NOT NULL,
            sequence bigint NOT NULL,
            kind text NOT NULL,
            amount bigint NOT NULL,
            balance bigint NOT NULL,
            debt bigint NOT NULL,
            reference text,
            occurred_at timestamptz NOT NULL,
            recorded_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_token_ledger PRIMARY KEY (company_id, sequence),
            CONSTRAINT fk_token_ledger_company_id FOREIGN KEY (company_id) REFERENCES token_accounts (company_id),
            CONSTRAINT ck_token_ledger_kind CHECK (kind IN ('purchased', 'used', 'allocated')),
            CONSTRAINT ck_token_ledger_amount CHECK (amount <> 0 AND (kind = 'used') = (amount < 0)),
            CONSTRAINT ck_token_ledger_balance CHECK (balance >= 0 AND debt >= 0 AND (balance = 0 OR debt = 0))
        );
        CREATE UNIQUE INDEX uk_token_ledger_reference ON token_ledger (company_id, kind, reference);

        CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'entries of % are never changed', TG_TABLE_NAME;
        END $$;
        CREATE TRIGGER token_ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON token_ledger
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
        """
}
