import FlotillaCommandLineKit
import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaOutbound
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry

/// `flotilla token verify`: would the API take this token, and as whose?
enum TokenVerifyCommand {
    private static let token = Argument<String>("TOKEN", "The token, or - for standard input")

    static let command = Command(
        "verify",
        "Says what a token is, and why it is refused",
        takes: [token, OutputFormat.option],
        details: """
            It is checked as the API would with these settings: by JWT_SECRET or FLOTILLA_JWKS, or else by the service at \
            AUTH_SERVICE_URL, and whether it is revoked. Ends with 1 when it is refused. What a token says is shown even \
            then, and may be untrue. The token itself is not shown.
            """,
        examples: ["flotilla token verify - < token.txt", "flotilla token verify - --output json < token.txt"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let text = try TokenCommands.text(invocation[token])
        let answer = try await answer(for: text, configuration)
        try invocation.show(
            answer,
            as: Table(["what", "value"], answer.rows.map { [$0.0, $0.1] })
        )
        return answer.valid ? .done : .failed
    }

    private static func answer(for text: String, _ configuration: Configuration) async throws -> TokenAnswer {
        let (settings, service) = (try configuration.tokenSettings(), try configuration.authServiceSettings())
        guard settings != nil || service != nil else {
            throw CommandError(
                "no tokens are taken here",
                remedy: "set JWT_SECRET or FLOTILLA_JWKS with FLOTILLA_JWT_ISSUER, or AUTH_SERVICE_URL",
                status: .wrongUse
            )
        }
        let engine = TransferEngine(name: "token verify")
        let http = HTTPClient(engine, connectTimeout: .seconds(3))
        let log = Log(service: "token", descriptor: -1)
        let result: Result<TokenAnswer, any Error>
        do {
            let identification = TokenIdentification(
                checker: settings?.checker(http, log: log),
                service: service.map { AuthServiceClient($0, http, log: log) }
            )
            let identity = try await identification.identity(of: text)
            let (refusal, note) = try await revocation(of: identity, configuration)
            result = .success(TokenAnswer(text, identity, refusal, note: note))
        } catch let refusal as TokenRefusal {
            result = .success(TokenAnswer(text, nil, refusal, note: nil))
        } catch let error as AuthServiceError {
            result = .failure(CommandError("\(error)", remedy: "check AUTH_SERVICE_URL"))
        } catch let error as TokenKeysUnavailable {
            result = .failure(CommandError("\(error)", remedy: "check FLOTILLA_JWKS"))
        } catch { result = .failure(error) }
        await engine.close()
        return try result.get()
    }

    private static func revocation(
        of identity: TokenIdentity,
        _ configuration: Configuration
    ) async throws -> (TokenRefusal?, note: String?) {
        let unknown = "Redis can't say whether it is revoked"
        guard let redis = try configuration.redis() else { return (nil, unknown) }
        let client = RedisClient(redis, name: "flotilla command")
        let revocations = Revocations(client, longestLife: configuration[Settings.longestTokenLife])
        let cause: RevocationCause?
        do throws(RedisError) {
            cause = try await revocations.cause(for: identity)
        } catch {
            await client.close()
            return (nil, unknown)
        }
        await client.close()
        switch cause {
        case nil: return (nil, nil)
        case .token?: return (TokenRefusal(.revoked, "has been revoked"), nil)
        case .subject?: return (TokenRefusal(.revoked, "has been revoked with all others of its subject"), nil)
        }
    }
}
