package import Storage

/// Every place where personal data may stand.
package enum PersonalDataStores {
    /// What the stores work with.
    package struct Connections: Sendable {
        package var postgres: PostgresPool
        /// `nil` without Redis.
        package var redis: RedisClient?

        package var index: any IndexStore

        /// Where tickets' files are; `nil` leaves the files.
        package var ticketFiles: (any TicketFileStore)?

        package init(
            postgres: PostgresPool,
            redis: RedisClient?,
            index: any IndexStore = PostgresIndexStore(),
            ticketFiles: (any TicketFileStore)? = nil
        ) {
            self.postgres = postgres
            self.redis = redis
            self.index = index
            self.ticketFiles = ticketFiles
        }
    }

    /// In the order in which they are asked and erased. The audit log is not among them: its keys go last.
    package static func all(_ connections: Connections) -> [any PersonalDataStore] {
        let pool = connections.postgres
        var stores: [any PersonalDataStore] = [
            RecipientData(pool), NotificationData(pool), DeadLetterData.store(pool), JobData.store(pool),
            OutboxData.store(pool), InboxData(pool), OperatorActionData.store(pool),
            SearchData(pool, connections.index), TicketData(pool, connections.ticketFiles),
        ]
        stores += WebhookData.stores(pool) + ScanData.stores(pool)
        if let redis = connections.redis { stores.append(RedisData(redis)) }
        return stores
    }

    /// Tables that hold nothing about people but ids, names of operators, and what is sealed.
    package static let impersonalTables: Set<String> = [
        "schema_migrations", "api_keys", "plans", "plan_limits", "subscriptions", "subscription_periods",
        "subscription_notices", "quotas", "quota_usage", "token_accounts", "token_ledger", "search_generations",
        "search_deleted_users", "audit_lanes", "audit_logs", "audit_secrets", "audit_subjects", "audit_subject_traces",
        "audit_subject_aliases", "audit_action_steps", "audit_chain", "audit_checkpoints",
        "webhook_endpoints", "webhook_deliveries", "ticket_keys", "ticket_generation_jobs",
    ]
}
