/// The day of the month that the periods of a subscription end on.
///
/// A subscription that is there already gets that of the first of the periods which go on from each other, in the same plan.
/// Its present end may have lost days to a short month, from the 31st to the 28th. Any other end was told by a service,
/// and is the day by itself.
enum AnchorDaysMigration {
    static let sql = """
        ALTER TABLE subscriptions
            ADD COLUMN anchor_day integer,
            ADD CONSTRAINT ck_subscriptions_anchor_day CHECK (anchor_day BETWEEN 1 AND 31);

        WITH periods AS (
            SELECT subscription_id, period_start, plan, payment_id,
                lag(period_end) OVER course AS end_before, lag(plan) OVER course AS plan_before
            FROM subscription_periods WINDOW course AS (PARTITION BY subscription_id ORDER BY period_start)
        ), firsts AS (
            SELECT subscription_id, extract(day FROM max(period_start) AT TIME ZONE 'UTC')::integer AS day FROM periods
            WHERE end_before IS NULL OR period_start >= end_before + interval '1 day'
                OR (plan <> plan_before AND payment_id IS NOT NULL)
            GROUP BY subscription_id
        ), ends AS (
            SELECT id, firsts.day AS first_day, extract(day FROM period_end AT TIME ZONE 'UTC')::integer AS day
            FROM subscriptions LEFT JOIN firsts ON subscription_id = id WHERE period_end IS NOT NULL
        )
        UPDATE subscriptions SET anchor_day =
            CASE WHEN ends.first_day > ends.day AND ends.day >= 28 THEN ends.first_day ELSE ends.day END
        FROM ends WHERE ends.id = subscriptions.id;
        """
}
