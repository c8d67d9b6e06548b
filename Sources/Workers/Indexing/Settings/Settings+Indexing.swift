package import FlotillaOperations
package import FlotillaPlatform

extension Settings {
    package static let searchEngine = Setting<Secret>(
        "FLOTILLA_SEARCH_URL",
        "Elasticsearch or OpenSearch, `https://user:password@host:9200`",
        otherwise: "Postgres",
        address: .http
    )
    package static let searchKey = Setting<Secret>(
        "FLOTILLA_SEARCH_API_KEY",
        "Its API key, in place of user and password"
    )
    package static let searchIndex = Setting<String>(
        "FLOTILLA_SEARCH_INDEX",
        "How its indexes are called; a number follows"
    ).defaulting(to: "flotilla-profiles")

    static let search: [any SettingDeclaration] = [searchEngine, searchKey, searchIndex]
}
