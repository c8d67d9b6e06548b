import FlotillaHTTPRouting
import FlotillaModules
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry

/// `POST /api/v1/tokens/revoke`: ends a token before its time.
struct TokenRevocationRoutes {
    private enum Body {
        static let token = Field.optional(
            "token",
            .string(length: 1...JSONWebToken.longest),
            "The whole token; or else its jti and exp."
        )
        static let id = Field.optional("jti", .string(), "The token's id.")
        static let expiresAt = Field.optional(
            "exp",
            .integer(0...253_402_300_799),
            "When the token ends by itself, in seconds since 1970."
        )
        static let fields: Fields = [token, id, expiresAt]
    }

    /// `nil` without Redis.
    let revocations: Revocations?
    let pool: PostgresPool
    /// Where the fleet's events go.
    let exchange: String
    /// Called once a token is revoked.
    let hasRevoked: @Sendable () -> Void
    let log: Log

    var routes: [Route] {
        [
            Route(
                "POST",
                "/api/v1/tokens/revoke",
                access: .scope(.operate),
                summary: "Revokes a token: every process refuses it within five seconds, until it ends by itself.",
                body: Body.fields,
                examples: [("id", #"{"jti":"b2c7d0","exp":1785542400}"#)],
                answers: [.of(200, "The token is revoked.", Schemas.revocation)],
                handler: revoke
            )
        ]
    }

    private func revoke(_ call: Call) async throws -> HTTPResponse {
        let target = try Self.target(of: call)
        guard let revocations else { throw APIError.unavailable("Redis") }
        let end: Int64?
        do throws(RedisError) {
            end = try await revocations.revoke(target.name, expiresAt: target.expiresAt)
        } catch {
            log.warning("\(error)", correlationID: call.correlationID)
            throw APIError.unavailable("Redis")
        }
        hasRevoked()
        await record(target)
        log.info(
            "a token was revoked",
            correlationID: call.correlationID,
            ["token": .string(target.name), "by": .string(call.principal?.reference ?? "")]
        )
        var data = JSONObject()
        data.add("id", target.name)
        data.add("until", end.map { WallClock.iso8601($0 * 1_000_000) })
        return Envelope.success(data.closed)
    }

    /// Hands it to the audit log. The token is revoked by now, whatever becomes of this.
    private func record(_ target: RevocationTarget) async {
        guard let request = ReceivedRequest.current else { return }
        let message = OperatorEvent("token.revoke", of: target.name).message(of: request, to: exchange)
        do throws(PostgresError) {
            _ = try await pool.query(Outbox.insert([message]))
        } catch {
            log.error(
                "a revocation is missing from the audit log",
                ["token": .string(target.name), "by": .string(request.from.by), "reason": .string("\(error)")]
            )
        }
    }

    private static func target(of call: Call) throws(APIError) -> RevocationTarget {
        let (token, id) = (call.body[Body.token], call.body[Body.id])
        switch (token, id) {
        case (let token?, nil): return RevocationTarget(token: token)
        case (nil, let id?):
            guard let expiresAt = call.body[Body.expiresAt] else {
                throw .invalid([.init(field: "exp", message: "is missing: say when the token ends by itself")])
            }
            return RevocationTarget(name: id, expiresAt: Int64(expiresAt))
        case (_?, _?): throw .invalid([.init(field: "jti", message: "can't be given beside a token")])
        case (nil, nil): throw .invalid([.init(field: "token", message: "is missing: give it, or a jti with its exp")])
        }
    }
}

extension Schemas {
    fileprivate static let revocation = """
        {"type":"object","required":["id"],"properties":{"id":{"type":"string"},\
        "until":{"type":"string","format":"date-time"}}}
        """
}
