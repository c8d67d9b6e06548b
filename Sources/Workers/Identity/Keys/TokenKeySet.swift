import FlotillaModels

/// Keys by their names, as a JSON Web Key Set (RFC 7517) or a PEM file holds them.
package struct TokenKeySet: TokenKeySource {
    /// Why a set of keys can't be used; never with a key in it.
    package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// Who gives the keys.
    package enum Origin: Sendable {
        /// The operator: what can't be used is a mistake, and secrets may be among the keys.
        case file
        /// An issuer, for everybody: what can't be used is for others, and a secret is none.
        case network
    }

    private static let mostKeys = 100

    package let names: [String]
    private let named: [String: TokenKey]
    /// The only key.
    private let single: TokenKey?

    private init(_ keys: [(name: String?, key: TokenKey)]) throws(Problem) {
        guard !keys.isEmpty else { throw Problem("has no key for HS256, RS256 or EdDSA") }
        guard keys.count <= Self.mostKeys else { throw Problem("has more than \(Self.mostKeys) keys") }
        guard keys.count == 1 || keys.allSatisfy({ $0.name != nil }) else {
            throw Problem("has several keys, of which one has no kid")
        }
        var named: [String: TokenKey] = [:]
        for (name, key) in keys {
            guard let name else { continue }
            guard named.updateValue(key, forKey: name) == nil else {
                throw Problem("has the kid \(name.prefix(60)) twice")
            }
        }
        self.named = named
        names = named.keys.sorted()
        single = keys.count == 1 ? keys[0].key : nil
    }

    /// Reads a file: a set of JSON Web Keys, or one public key as PEM.
    package init(file bytes: [UInt8]) throws(Problem) {
        if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
            try self.init(jsonWebKeys: bytes, from: .file)
        } else {
            try self.init([(nil, try PublicKeyPEM.key(bytes))])
        }
    }

    package init(jsonWebKeys bytes: [UInt8], from origin: Origin) throws(Problem) {
        guard let set = JSONValue.strictObject(bytes), case .array(let elements)? = set["keys"] else {
            throw Problem("is no JSON Web Key Set: an object with the array keys, no member twice")
        }
        var keys: [(String?, TokenKey)] = []
        for (place, element) in elements.enumerated() {
            do throws(Problem) {
                guard let key = try JSONWebKey.key(element, from: origin) else { continue }
                keys.append((element["kid"]?.text, key))
            } catch {
                if origin == .file { throw Problem("key \(place + 1) \(error)") }
            }
        }
        // Which of several an unnamed one is for, no token can say.
        if origin == .network, keys.count > 1 { keys.removeAll { $0.0 == nil } }
        try self.init(keys)
    }

    package func key(_ name: String?) -> TokenKey? { name.map { named[$0] } ?? single }

    package func knownKey(_ name: String?) -> TokenKey? { key(name) }
}
