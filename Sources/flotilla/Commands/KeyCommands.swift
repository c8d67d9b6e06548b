import FlotillaCommandLineKit
import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaModels
import FlotillaModules
import FlotillaPlatform
import FlotillaStorage

/// `flotilla key`: the API keys.
enum KeyCommands {
    private static let name = Argument<String>("NAME", "What the key is for")
    private static let id = Argument<String>("ID", "The key's id, as in flk_ID_…")
    private static let scopes = ListOption<Scope>("scopes", "SCOPES", "Which of \(Scope.names)", separator: ",")
    private static let events = ListOption<String>("events", "PATTERNS", "Events it may publish", separator: ",")
    private static let jobs = ListOption<String>("jobs", "PATTERNS", "Job types it may enqueue", separator: ",")
    private static let expires = Option<Duration>("expires", "DURATION", "When it ends by itself, such as 90d")

    static let all = Command(
        "key",
        "Makes, lists, changes and revokes API keys",
        verbs: [create, list, change, revoke]
    )

    private static var grantDetails: String {
        """
        With enqueue a key may hand in what --events and --jobs say: names, or patterns with * for one word and # for any \
        number. Where neither is given both are “default”: all but what changes money, rights or people \
        (\(Flotilla.program.intakeRules.guarded.map(\.description).joined(separator: ", "))). With one of them alone the other \
        is empty. “default” may stand in a list: --events default,payment.succeeded. What is the fleet's own, such as quota.* \
        and webhook.deliver, no key may hand in.
        """
    }

    private static let create = Command(
        "create",
        "Makes a key and shows it, this once",
        takes: [name, scopes, events, jobs, expires, OutputFormat.option],
        details: "The key goes to standard output, everything else to standard error. Only its digest is stored. "
            + grantDetails,
        examples: [
            "flotilla key create shop --scopes enqueue --events 'profile.*,search.performed' --jobs ticket.generation.requested",
            "flotilla key create ops --scopes read,read:personal,operate",
        ]
    ) { invocation in
        let (scopes, grants) = try rights(invocation)
        let name = invocation[name]
        guard (1...100).contains(name.utf8.count) else { throw UsageError("NAME is 1 to 100 bytes long") }
        let lifetime = invocation[expires].map { Int64($0 / .microseconds(1)) }
        let configuration = try invocation.configuration()
        let key = try await configuration.withPostgres { pool in
            let now = try await pool.time()
            return try await APIKeys(pool).create(
                name: name,
                scopes: scopes,
                grants: grants,
                expiresAt: lifetime.map { now + $0 }
            ) { id in
                var event = OperatorEvent("key.create", of: id)
                event.details = [
                    ("keyName", name.json),
                    ("scopes", "[" + scopes.sortedNames.map(\.json).joined(separator: ",") + "]"),
                ]
                return [event.statement(configuration)]
            }
        }
        if invocation[OutputFormat.option] == .json {
            invocation.console.print(
                try JSONText.encode(
                    NewKey(
                        id: key.id,
                        key: key.revealed,
                        name: name,
                        scopes: scopes.sortedNames,
                        events: grants.events.words,
                        jobs: grants.jobs.words
                    )
                )
            )
        } else {
            invocation.console.note("This key is shown only now:")
            invocation.console.print(key.revealed)
        }
        return .done
    }

    private static let change = Command(
        "change",
        "Changes what a key may do",
        takes: [id, scopes, events, jobs],
        details: "The scopes and grants take the place of the former ones, within five seconds. " + grantDetails,
        examples: [
            "flotilla key change 3f9a0c11d2e4 --scopes enqueue --events default,payment.succeeded --jobs default"
        ]
    ) { invocation in
        let (scopes, grants) = try rights(invocation)
        let id = invocation[id]
        let configuration = try invocation.configuration()
        var event = OperatorEvent("key.change", of: id)
        event.details = [("scopes", "[" + scopes.sortedNames.map(\.json).joined(separator: ",") + "]")]
        let record = [event.statement(configuration)]
        let isChanged = try await configuration.withPostgres { pool in
            try await APIKeys(pool).change(id, scopes: scopes, grants: grants, record: record)
        }
        guard isChanged else {
            throw CommandError("there is no valid key \(id)", remedy: "see flotilla key list")
        }
        invocation.console.note("Changed \(id)")
        return .done
    }

    /// What --scopes, --events and --jobs say together.
    private static func rights(_ invocation: Invocation) throws(UsageError) -> (Set<Scope>, Grants) {
        let scopes = Set(invocation[scopes])
        guard !scopes.isEmpty else { throw UsageError("say what it may do: --scopes \(Scope.names)") }
        let (events, jobs) = (invocation[events], invocation[jobs])
        for (option, words) in [("--events", events), ("--jobs", jobs)] where !words.isEmpty {
            guard scopes.contains(.enqueue) else {
                throw UsageError(
                    "\(option) is for keys with the scope enqueue\(scopes.contains(.admin) ? "; admin has all" : "")"
                )
            }
            guard words.count <= GrantList.longest else {
                throw UsageError("\(option) takes at most \(GrantList.longest) patterns")
            }
            if let problem = words.lazy.compactMap(GrantList.problem).first {
                throw UsageError("\(option): \(problem)")
            }
        }
        guard scopes.contains(.enqueue) else { return (scopes, Grants()) }
        return (scopes, events.isEmpty && jobs.isEmpty ? .standard : Grants(events: events, jobs: jobs))
    }

    private static let list = Command(
        "list",
        "Lists the keys, the newest first",
        takes: [OutputFormat.option],
        details: "A key's last use is written about once a minute.",
        examples: ["flotilla key list", "flotilla key list --output json"]
    ) { invocation in
        let keys = try await invocation.configuration().withPostgres { pool in try await APIKeys(pool).list() }
        let now = WallClock.microseconds()
        let shown = keys.map { ShownKey($0, at: now) }
        if invocation[OutputFormat.option] == .json {
            invocation.console.print(try JSONText.encode(shown))
        } else if !shown.isEmpty {
            invocation.console.print(
                shown.map { $0.lines(width: invocation.console.width ?? 80) }.joined(separator: "\n")
            )
        } else {
            invocation.console.note("There is no key: flotilla key create")
        }
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
        let configuration = try invocation.configuration()
        let isRevoked = try await configuration.withPostgres { pool in
            try await APIKeys(pool).revoke(id, record: [OperatorEvent("key.revoke", of: id).statement(configuration)])
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
        let events: [String]
        let jobs: [String]
    }
}

extension Scope: TextValue {
    package init?(text: String) { self.init(rawValue: text) }
    package static var expectation: String { "one of \(names)" }
    package var text: String { rawValue }

    fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ",") }
}

extension Set<Scope> {
    var sortedNames: [String] { map(\.rawValue).sorted() }
}
