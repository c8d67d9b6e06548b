import FlotillaCommandLineKit
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage

/// `flotilla token revoke`: ends a token before its time.
enum TokenRevokeCommand {
    private static let token = Argument<String>("TOKEN", "A token, its jti, or - for a token on standard input")
    private static let user = Flag("user", "TOKEN is a user's id: revoke all that were issued to them until now")

    static let command = Command(
        "revoke",
        "Ends a token, or all of a user, before their time",
        takes: [token, user],
        details: """
            Every API process refuses it within five seconds. Of a jti alone nobody knows when the token ends: it is \
            remembered for FLOTILLA_JWT_LONGEST_LIFE. A token on the command line is seen by other users of this machine; \
            give it on standard input instead.
            """,
        examples: [
            "flotilla token revoke 6f1c2a8e-97b4-4d0a", "flotilla token revoke - < token.txt",
            "flotilla token revoke --user 42",
        ]
    ) { invocation in
        let configuration = try invocation.configuration()
        let word = invocation[token]
        let text = try TokenCommands.text(word)
        guard (1...JSONWebToken.longest).contains(text.utf8.count) else {
            throw UsageError("TOKEN is 1 to \(JSONWebToken.longest) bytes long")
        }
        guard let redis = try configuration.redis() else {
            throw CommandError("there is no Redis", remedy: "set REDIS_URL, or start one with flotilla services start")
        }
        let client = RedisClient(redis, name: "flotilla command")
        let revocations = Revocations(client, longestLife: configuration[Settings.longestTokenLife])
        let result: Result<(text: String, event: OperatorEvent), RedisError>
        do throws(RedisError) {
            if invocation[user] {
                try await revocations.revoke(subject: text, issuedBy: WallClock.microseconds() / 1_000_000)
                let event = OperatorEvent("token.revoke-user", of: text)
                result = .success(("Revoked all tokens of \(text) that were issued until now", event))
            } else {
                let isToken = word == "-" || JSONWebToken.isLikely(text)
                let target = isToken ? RevocationTarget(token: text) : RevocationTarget(name: text, expiresAt: nil)
                let end = try await revocations.revoke(target.name, expiresAt: target.expiresAt)
                let until = end.map { "until \(WallClock.iso8601($0 * 1_000_000))" } ?? "though it has ended already"
                let event = OperatorEvent("token.revoke", of: target.name)
                result = .success(("Revoked \(target.name) \(until)", event))
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
}
