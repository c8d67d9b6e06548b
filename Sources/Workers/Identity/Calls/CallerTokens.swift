package import FlotillaHTTPRouting
import FlotillaPlatform
import FlotillaStorage
package import FlotillaTelemetry
import Synchronization

/// Finds out who calls by a token, as ``TokenIdentification`` says whose it is.
///
/// What was found out is used for ``freshness``, then keys and revocations are looked at again: a revoked token is refused
/// everywhere within that time.
package final class CallerTokens: TokenVerifier {
    fileprivate enum Standing: Sendable {
        case good
        case revoked
        /// Redis could not say.
        case unknown
    }

    private struct Entry {
        let identity: TokenIdentity
        let standing: Standing
        /// `nil` once it has to be looked at again.
        var checkedAt: ContinuousClock.Instant?
    }

    package static let freshness = Duration.seconds(2)
    private static let capacity = 10_000

    private let identification: TokenIdentification
    private let revocations: Revocations?
    private let policy: RevocationPolicy
    private let checks: TokenCheckMetrics
    private let log: Log
    private let now: @Sendable () -> ContinuousClock.Instant
    private let wallClock: @Sendable () -> Int64
    private let known = Mutex<[[UInt8]: Entry]>([:])

    /// - Parameters:
    ///   - revocations: `nil` without Redis, which is as if it were always out.
    ///   - wallClock: microseconds since 1970.
    package init(
        _ checker: TokenChecker?,
        _ service: AuthServiceClient?,
        revocations: Revocations?,
        policy: RevocationPolicy,
        metrics: Metrics = Metrics(),
        log: Log,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        wallClock: @escaping @Sendable () -> Int64 = { WallClock.microseconds() }
    ) {
        identification = TokenIdentification(checker: checker, service: service)
        self.revocations = revocations
        self.policy = policy
        checks = TokenCheckMetrics(metrics)
        self.log = log
        self.now = now
        self.wallClock = wallClock
    }

    package func remembered(_ token: String, for scope: Scope) throws(APIError) -> Principal? {
        guard token.utf8.count <= JSONWebToken.longest else {
            throw .refusal(TokenRefusal(.tooLong, "is longer than \(JSONWebToken.longest) bytes"))
        }
        let digest = SHA256.digest(token)
        guard let entry = known.withLock({ $0[digest] }), let checkedAt = entry.checkedAt,
            now() - checkedAt < Self.freshness, entry.identity.isAlive(at: wallClock())
        else { return nil }
        return try principal(entry.identity, entry.standing, for: scope)
    }

    package func isKnown(_ token: String) -> Bool {
        guard token.utf8.count <= JSONWebToken.longest else { return false }
        let digest = SHA256.digest(token)
        guard let entry = known.withLock({ $0[digest] }) else { return false }
        return entry.standing != .revoked && entry.identity.isAlive(at: wallClock())
    }

    package func isGenuine(_ token: String) -> Bool {
        guard token.utf8.count <= JSONWebToken.longest, let checker = identification.checker,
            JSONWebToken.isLikely(token)
        else { return false }
        return checker.isGenuine(token, at: wallClock())
    }

    package func principal(of token: String, for scope: Scope) async throws(APIError) -> Principal {
        if token.utf8.count > JSONWebToken.longest { checks.note(.refused(.tooLong)) }
        if let principal = try remembered(token, for: scope) { return principal }
        let checkedAt = now()
        var identity = try await identity(of: token)
        var standing = await standing(of: identity)
        if standing == .revoked, identity.kind == .introspected {
            // Its subject may have signed in anew since the service was asked.
            identification.service?.forget(token)
            identity = try await self.identity(of: token)
            standing = await self.standing(of: identity)
        }
        remember(Entry(identity: identity, standing: standing, checkedAt: checkedAt))
        note(standing, for: scope)
        return try principal(identity, standing, for: scope)
    }

    /// Has all tokens looked at again, since one of them was revoked here.
    package func forgetAll() { known.withLock { known in for digest in known.keys { known[digest]?.checkedAt = nil } } }

    /// Who bears the token, whether it is revoked or not.
    private func identity(of token: String) async throws(APIError) -> TokenIdentity {
        do {
            return try await identification.identity(of: token, at: wallClock())
        } catch let error as TokenRefusal {
            checks.note(.refused(error.code))
            throw .refusal(error)
        } catch let error as AuthServiceError {
            checks.note(.unavailable)
            log.warning("a token can't be checked", ["reason": .string("\(error)")])
            var refusal = APIError.unavailable(
                "The service that checks tokens",
                retryAfter: error.retryAfter.wholeSeconds
            )
            refusal.isAboutCredential = error.code == .violation
            throw refusal
        } catch {
            checks.note(.unavailable)
            log.warning("a token can't be checked", ["reason": .string("\(error)")])
            throw .unavailable("What tokens are checked with", retryAfter: 5)
        }
    }

    private func standing(of identity: TokenIdentity) async -> Standing {
        guard let revocations else { return .unknown }
        do {
            return try await revocations.cause(for: identity) == nil ? .good : .revoked
        } catch {
            log.warning("Redis can't say which tokens are revoked", ["reason": .string("\(error)")])
            return .unknown
        }
    }

    private func note(_ standing: Standing, for scope: Scope) {
        switch standing {
        case .good: checks.note(.accepted)
        case .revoked: checks.note(.refused(.revoked))
        case .unknown: checks.note(policy.scopes.contains(scope) ? .accepted : .unavailable)
        }
    }

    private func principal(
        _ identity: TokenIdentity,
        _ standing: Standing,
        for scope: Scope
    ) throws(APIError) -> Principal {
        var principal = identity.principal
        switch standing {
        case .good: return principal
        case .revoked: throw .refusal(TokenRefusal(.revoked, "has been revoked"))
        case .unknown:
            guard policy.scopes.contains(scope) else { throw .unavailable("The list of revoked tokens") }
            // `admin` stands for all scopes, and would for those that have to wait; and for every grant.
            if policy.scopes.count < Scope.allCases.count {
                if principal.scopes.contains(.admin) {
                    principal.scopes = Set(Scope.allCases)
                    principal.grants = Grants(events: ["#"], jobs: ["#"])
                }
                principal.scopes.formIntersection(policy.scopes)
            }
            return principal
        }
    }

    private func remember(_ entry: Entry) {
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll() }
            known[entry.identity.digest] = entry
        }
    }
}

extension TokenIdentity {
    /// - Parameter now: in microseconds since 1970.
    fileprivate func isAlive(at now: Int64) -> Bool {
        expiresAt.map { now < ($0 + TokenRules.skew) * 1_000_000 } ?? true
    }
}

extension APIError {
    /// RFC 6750, section 3.1.
    fileprivate static func refusal(_ refusal: TokenRefusal) -> APIError {
        APIError(
            status: 401,
            code: "unauthorized",
            message: "The token is not valid: it \(refusal.detail).",
            headers: ["WWW-Authenticate": "Bearer realm=\"flotilla\", error=\"invalid_token\""]
        )
    }
}

extension Duration {
    /// At least one.
    fileprivate var wholeSeconds: Int { max(1, Int((self / .seconds(1)).rounded(.up))) }
}
