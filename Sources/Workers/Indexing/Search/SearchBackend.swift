import FlotillaOutbound
package import FlotillaStorage
package import Workers

/// Where profiles are indexed and searched.
package struct SearchBackend: Sendable {
    package enum Kind: String, Sendable {
        case postgres, elasticsearch
    }

    package let kind: Kind
    package let store: any IndexStore
    private let client: ElasticsearchClient?
    private let transfers: TransferEngine?

    /// The tables of Postgres.
    package static let postgres = SearchBackend(
        kind: .postgres,
        store: PostgresIndexStore(),
        client: nil,
        transfers: nil
    )

    /// Elasticsearch or OpenSearch. ``close()`` has to be called in the end.
    package static func elasticsearch(_ configuration: ElasticsearchConfiguration) -> SearchBackend {
        let transfers = TransferEngine(name: "search", connectionsPerServer: 8)
        let client = ElasticsearchClient(configuration, HTTPClient(transfers))
        return SearchBackend(
            kind: .elasticsearch,
            store: ElasticsearchIndexStore(client),
            client: client,
            transfers: transfers
        )
    }

    package func engine(_ pool: PostgresPool) -> any SearchEngine {
        if let client { ElasticsearchSearch(client, pool) } else { PostgresSearch(pool) }
    }

    /// For the breaker of ``Dependency/search``.
    package var probes: [Dependency: @Sendable () async -> Bool] {
        guard let client else { return [:] }
        return [.search: { await client.isReachable() }]
    }

    package func close() async { await transfers?.close() }
}
