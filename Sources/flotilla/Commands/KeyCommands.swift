import FlotillaCommandLineKit
import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaModules
import FlotillaPlatform

/// `flotilla key`: the API keys.
enum KeyCommands {
    private static let name = Argument<String>("NAME", "What the key is for")
    private static let id = Argument<String>("ID", "The key's id, as in flk_ID_…")
    private static let scopes = ListOption<Scope>("scopes", "SCOPES", "Which of \(Scope.names)", separator: ",")
    private static let expires = Option<Duration>("expires", "DURATION", "When it ends by itself, such as 90d")

    static let all = Command("key", "Makes, lists and revokes API keys", verbs: [create, list, revoke])

    private static let create = Command(
        "create",
        "Makes a key and shows it, this once",
        takes: [name, scopes, expires, OutputFormat.option],
        details: "The key goes to standard output, everything else to standard error. Only its digest is stored.",
        examples: ["flotilla key create shop --scopes enqueue", "flotilla key create ops --scopes read,operate"]
    ) { invocation in
        let scopes = Set(invocation[scopes])
        guard !scopes.isEmpty else { throw UsageError("say what it may do: --scopes \(Scope.names)") }
        let name = invocation[name]
        guard (1...100).contains(name.utf8.count) else { throw UsageError("NAME is 1 to 100 bytes long") }
        let expiresAt = invocation[expires].map { WallClock.microseconds() + Int64($0 / .microseconds(1)) }
        let key = try await invocation.configuration().withPostgres { pool in
            try await APIKeys(pool).create(name: name, scopes: scopes, expiresAt: expiresAt)
        }
        if invocation[OutputFormat.option] == .json {
            invocation.console.print(
                try JSONText.encode(NewKey(id: key.id, key: key.revealed, name: name, scopes: scopes.sortedNames))
            )
        } else {
            invocation.console.note("This key is shown only now:")
            invocation.console.print(key.revealed)
        }
        return .done
    }

    private static let list = Command(
        "list",
        "Lists the keys, the newest first",
        takes: [OutputFormat.option],
        examples: ["flotilla key list", "flotilla key list --output json"]
    ) { invocation in
        let keys = try await invocation.configuration().withPostgres { pool in try await APIKeys(pool).list() }
        let now = WallClock.microseconds()
        let shown = keys.map { ShownKey($0, at: now) }
        try invocation.show(
            shown,
            as: Table(
                ["id", "name", "scopes", "state", "created", "expires"],
                shown.map { key in
                    [
                        key.id, key.name, key.scopes.joined(separator: ","), key.state, key.createdAt,
                        key.expiresAt ?? "–",
                    ]
                }
            )
        )
        return .done
    }

    private static let revoke = Command(
        "revoke",
        "Ends a key for good",
        takes: [id],
        details: "Every API process refuses it within five seconds.",
        examples: ["flotilla key revoke 3f9a0c11d2e4"]
    ) { invocation in
        let id = invocation[id]
        let isRevoked = try await invocation.configuration().withPostgres { pool in
            try await APIKeys(pool).revoke(id)
        }
        guard isRevoked else {
            throw CommandError("there is no valid key \(id)", remedy: "see flotilla key list")
        }
        invocation.console.note("Revoked \(id)")
        return .done
    }

    private struct NewKey: Encodable {
        let id: String
        let key: String
        let name: String
        let scopes: [String]
    }

    private struct ShownKey: Encodable {
        let id: String
        let name: String
        let scopes: [String]
        let state: String
        let createdAt: String
        let expiresAt: String?
        let revokedAt: String?

        init(_ key: APIKeyRecord, at now: Int64) {
            id = key.id
            name = key.name
            scopes = key.scopes.sortedNames
            state = key.revokedAt != nil ? "revoked" : key.isValid(at: now) ? "valid" : "expired"
            createdAt = WallClock.iso8601(key.createdAt)
            expiresAt = key.expiresAt.map { WallClock.iso8601($0) }
            revokedAt = key.revokedAt.map { WallClock.iso8601($0) }
        }
    }
}

extension Scope: TextValue {
    package init?(text: String) { self.init(rawValue: text) }
    package static var expectation: String { "one of \(names)" }
    package var text: String { rawValue }

    fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ",") }
}

extension Set<Scope> {
    fileprivate var sortedNames: [String] { map(\.rawValue).sorted() }
}
