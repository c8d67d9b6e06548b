package import FlotillaOutbound
package import FlotillaTelemetry

/// How JSON Web Tokens are checked, as it is configured.
package struct TokenSettings: Sendable {
    package enum Keys: Sendable {
        case file(TokenKeySet)
        case url(String)
    }

    package var rules: TokenRules
    package var secret: TokenKey?
    package var keys: Keys?

    /// - Parameter http: for keys at an address.
    package func checker(_ http: HTTPClient, log: Log) -> TokenChecker {
        let source: (any TokenKeySource)? =
            switch keys {
            case .file(let set)?: set
            case .url(let url)?: RemoteKeySet(log: log, RemoteKeySet.load(url, by: http))
            case nil: nil
            }
        return TokenChecker(rules, secret: secret, keys: source)
    }
}
