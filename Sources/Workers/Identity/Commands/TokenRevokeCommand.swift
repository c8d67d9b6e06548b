import FlotillaCommandLineKit
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage

/// `flotilla token revoke`: ends a token before its time.
enum TokenRevokeCommand {
    private static let token = Argument<String>("TOKEN", "A JSON Web Token, or - for any token on standard input")
    private static let jti = Flag("jti", "TOKEN is the jti of a token")
    private static let user = Flag("user", "TOKEN is a user's id: revoke all that were issued to them until now")

    static let command = Command(
        "revoke",
        "Ends a token, or all of a user, before their time",
        takes: [token, jti, user],
        details: """
            Every API process refuses it within five seconds. Of a jti alone nobody knows when the token ends: it is \
            remembered for FLOTILLA_JWT_LONGEST_LIFE. A token on the command line is seen by other users of this machine; \
            give it on standard input instead.
            """,
        examples: [
            "flotilla token revoke - < token.txt", "flotilla token revoke --jti 6f1c2a8e-97b4-4d0a",
            "flotilla token revoke --user 42",
        ]
    ) { invocation in
        let configuration = try invocation.configuration()
        let word = invocation[token]
        let text = try TokenCommands.text(word)
        guard (1...JSONWebToken.longest).contains(text.utf8.count) else {
            throw UsageError("TOKEN is 1 to \(JSONWebToken.longest) bytes long")
        }
        guard !(invocation[jti] && invocation[user]) else { throw UsageError("--jti and --user exclude each other") }
        let target =
            invocation[user] ? nil : try Self.target(text, isID: invocation[jti], isOnCommandLine: word != "-")
        guard let redis = try configuration.redis() else {
            throw CommandError("there is no Redis", remedy: "set REDIS_URL, or start one with flotilla services start")
        }
        let client = RedisClient(redis, name: "flotilla command")
        let revocations = Revocations(client, longestLife: configuration[Settings.longestTokenLife])
        let result: Result<(text: String, event: OperatorEvent), RedisError>
        do throws(RedisError) {
            if let target {
                let end = try await revocations.revoke(target.name, expiresAt: target.expiresAt)
                let until = end.map { "until \(WallClock.iso8601($0 * 1_000_000))" } ?? "though it has ended already"
                let event = OperatorEvent("token.revoke", of: target.name)
                result = .success(("Revoked \(target.name) \(until)", event))
            } else {
                let now = WallClock.microseconds() / 1_000_000
                try await revocations.revoke(subject: text, issuedBy: now, undated: true)
                let event = OperatorEvent("token.revoke-user", of: text)
                result = .success(("Revoked all tokens of \(text) that were issued until now", event))
            }
        } catch { result = .failure(error) }
        await client.close()
        do throws(RedisError) {
            let (text, event) = try result.get()
            await event.record(configuration, orNoteOn: invocation.console)
            invocation.console.note(text)
        } catch {
            throw CommandError("Redis: \(error)", remedy: "see flotilla services status")
        }
        return .done
    }

    /// - Throws: for a word of the command line of which nobody knows what it is: it would be written to Redis as it is, as the
    ///   `jti` of no token, and be an opaque token that goes on being good.
    static func target(_ text: String, isID: Bool, isOnCommandLine: Bool) throws(UsageError) -> RevocationTarget {
        guard !isID else { return RevocationTarget(name: text, expiresAt: nil) }
        guard !isOnCommandLine || JSONWebToken.isLikely(text) else {
            throw UsageError(
                "TOKEN is no JSON Web Token: add --jti if it is one's jti; give other tokens on standard input"
            )
        }
        return RevocationTarget(token: text)
    }
}
