import FlotillaCommandLineKit
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FoundationEssentials

/// `flotilla ticket key`: what tickets are signed and checked with.
enum TicketKeyCommands {
    static let all = Command(
        "key",
        "Shows and changes the keys that sign tickets",
        verbs: [list, rotate, retire, export]
    )

    private static let algorithm = Option<TicketAlgorithm>("algorithm", "NAME", "ed25519 or hmac-sha256")
        .defaulting(to: .ed25519)
    private static let keepFor = Option<Duration>(
        "keep-for",
        "DURATION",
        "How long tickets of the key before are accepted (default without an end)"
    )
    private static let id = Argument<String>("KEY", "The key's id: eight hexadecimal digits")

    private static let list = Command(
        "list",
        "Lists the keys, the newest first",
        takes: [OutputFormat.option],
        examples: ["flotilla ticket key list"]
    ) { invocation in
        let keys = try await with(try invocation.configuration(), signing: false) { keys in try await keys.list() }
        try invocation.show(keys.map(ShownKey.init), as: table(keys))
        return .done
    }

    private static let rotate = Command(
        "rotate",
        "Makes a new key, which signs every ticket from now on",
        takes: [algorithm, keepFor, OutputFormat.option],
        details: "Tickets that are out stay valid: their key is accepted until it is retired.",
        examples: ["flotilla ticket key rotate", "flotilla ticket key rotate --keep-for 365d"]
    ) { invocation in
        let keepFor = invocation[keepFor].map { Int64($0 / .microseconds(1)) }
        let algorithm = invocation[algorithm]
        let configuration = try invocation.configuration(makingKeys: true)
        let key = try await with(configuration, signing: true) { keys in
            let now = try await keys.time()
            return try await keys.rotate(to: algorithm, oldUntil: keepFor.map { now + $0 }) { key in
                [OperatorEvent("ticket-key.rotate", of: key.id.description).statement(configuration)]
            }
        }
        try invocation.show(ShownKey(key), as: table([key]))
        return .done
    }

    private static let retire = Command(
        "retire",
        "Refuses the tickets of an older key from now on",
        takes: [id],
        details:
            "Rotate first to retire the key that signs. Nothing but a new ticket helps those who hold one of this key.",
        examples: ["flotilla ticket key retire a1b2c3d4"]
    ) { invocation in
        guard let id = TicketKeyID(invocation[id]) else { throw UsageError("KEY is eight hexadecimal digits") }
        let configuration = try invocation.configuration()
        let record = OperatorEvent("ticket-key.retire", of: id.description).statement(configuration)
        _ = try await with(configuration, signing: false) { keys in
            try await keys.retire(id, at: try await keys.time(), record: [record])
        }
        invocation.console.note("Tickets of key \(id) are refused")
        return .done
    }

    private static let export = Command(
        "export",
        "Prints the public keys, with which anybody can check tickets offline",
        details: "Keys of HMAC are left out: whoever checks with one could also sign.",
        examples: ["flotilla ticket key export > ticket-keys.json"]
    ) { invocation in
        let keys = try await with(try invocation.configuration(), signing: false) { keys in try await keys.list() }
        let left = keys.count { $0.publicKey == nil }
        if left > 0 { invocation.console.note(left.counted("key of HMAC is left out", "keys of HMAC are left out")) }
        invocation.console.print(TicketKeyFile(keys).text)
        return .done
    }

    private static func with<R: Sendable>(
        _ configuration: Configuration,
        signing: Bool,
        _ body: (TicketKeys) async throws -> R
    ) async throws -> R {
        let masters = signing ? try configuration.masterKeyring() : nil
        do {
            return try await configuration.withPostgres { pool in
                try await body(TicketKeys(pool, masters: masters))
            }
        } catch let error as TicketKeyError {
            throw CommandError(error.detail, remedy: "see flotilla ticket key list")
        }
    }

    private static func table(_ keys: [TicketKey]) -> Table {
        let shown = keys.map(ShownKey.init)
        return Table(
            ["key", "algorithm", "state", "created", "superseded", "retired"],
            shown.map { [$0.id, $0.algorithm, $0.state, $0.createdAt, $0.supersededAt ?? "–", $0.retiredAt ?? "–"] }
        )
    }

    private struct ShownKey: Encodable {
        let id, algorithm, state, createdAt: String
        let supersededAt, retiredAt: String?

        init(_ key: TicketKey) {
            id = key.id.description
            algorithm = key.algorithm.rawValue
            state = key.state(at: WallClock.microseconds()).rawValue
            createdAt = WallClock.iso8601(key.createdAt)
            supersededAt = key.supersededAt.map { WallClock.iso8601($0) }
            retiredAt = key.retiredAt.map { WallClock.iso8601($0) }
        }
    }
}

extension TicketAlgorithm: TextValue {
    package init?(text: String) { self.init(rawValue: text) }
    package static var expectation: String { "ed25519 or hmac-sha256" }
    package var text: String { rawValue }
}
