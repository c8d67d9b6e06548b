/// Plans, subscriptions and quotas.
///
/// A NULL `usage_limit`, and a kind that a plan has no limit for, are unlimited. `quotas` holds a row per company, kind
/// and period: `used` never passes the limit, what comes after it is `overage`. `subscription_periods` keeps every paid
/// period, so that a view that arrives late still counts in the period that it happened in.
enum QuotaMigration {
    static let sql = """
        CREATE TABLE plans (
            code text NOT NULL,
            name text NOT NULL,
            period_months integer NOT NULL DEFAULT 1,
            CONSTRAINT pk_plans PRIMARY KEY (code),
            CONSTRAINT ck_plans_period_months CHECK (period_months BETWEEN 1 AND 120)
        );

        CREATE TABLE plan_limits (
            plan text NOT NULL,
            kind text NOT NULL,
            usage_limit bigint,
            CONSTRAINT pk_plan_limits PRIMARY KEY (plan, kind),
            CONSTRAINT fk_plan_limits_plan FOREIGN KEY (plan) REFERENCES plans (code),
            CONSTRAINT ck_plan_limits_usage_limit CHECK (usage_limit >= 0)
        );

        INSERT INTO plans (code, name) VALUES ('freemium', 'Freemium'), ('pro', 'Pro'), ('enterprise', 'Enterprise');
        INSERT INTO plan_limits (plan, kind, usage_limit) VALUES
            ('freemium', 'profile_views', 100), ('pro', 'profile_views', 1000), ('enterprise', 'profile_views', NULL);

        CREATE TABLE subscriptions (
            id text NOT NULL,
            company_id text NOT NULL,
            plan text NOT NULL,
            status text NOT NULL,
            period_start timestamptz NOT NULL,
            period_end timestamptz NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_subscriptions PRIMARY KEY (id),
            CONSTRAINT fk_subscriptions_plan FOREIGN KEY (plan) REFERENCES plans (code),
            CONSTRAINT ck_subscriptions_status CHECK (status IN ('created', 'active', 'cancelled', 'expired')),
            CONSTRAINT ck_subscriptions_period_end CHECK (period_end > period_start)
        );
        CREATE UNIQUE INDEX uk_subscriptions_company_id ON subscriptions (company_id) WHERE status = 'active';
        CREATE INDEX idx_subscriptions_period_end ON subscriptions (period_end) WHERE status = 'active';

        CREATE TABLE subscription_periods (
            company_id text NOT NULL,
            period_start timestamptz NOT NULL,
            period_end timestamptz NOT NULL,
            subscription_id text NOT NULL,
            plan text NOT NULL,
            payment_id text NOT NULL,
            recorded_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_subscription_periods PRIMARY KEY (company_id, period_start),
            CONSTRAINT uk_subscription_periods_payment_id UNIQUE (payment_id),
            CONSTRAINT fk_subscription_periods_subscription_id
                FOREIGN KEY (subscription_id) REFERENCES subscriptions (id),
            CONSTRAINT fk_subscription_periods_plan FOREIGN KEY (plan) REFERENCES plans (code)
        );

        CREATE TABLE quotas (
            company_id text NOT NULL,
            kind text NOT NULL,
            period_start timestamptz NOT NULL,
            period_end timestamptz NOT NULL,
            plan text NOT NULL,
            usage_limit bigint,
            used bigint NOT NULL DEFAULT 0,
            overage bigint NOT NULL DEFAULT 0,
            warned_at timestamptz,
            exceeded_at timestamptz,
            updated_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_quotas PRIMARY KEY (company_id, kind, period_start),
            CONSTRAINT ck_quotas_used CHECK (used >= 0 AND (usage_limit IS NULL OR used <= usage_limit)),
            CONSTRAINT ck_quotas_overage CHECK (overage >= 0)
        ) WITH (fillfactor = 70);

        CREATE TABLE quota_usage (
            id bigint GENERATED ALWAYS AS IDENTITY,
            company_id text NOT NULL,
            kind text NOT NULL,
            period_start timestamptz NOT NULL,
            used bigint NOT NULL,
            overage bigint NOT NULL,
            recorded_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_quota_usage PRIMARY KEY (id)
        );
        CREATE INDEX idx_quota_usage_company_id ON quota_usage (company_id, kind, period_start);
        """
}
