import FlotillaModels
package import FlotillaOutbound
import FlotillaPlatform
package import FlotillaTelemetry
import Synchronization

/// Asks the service at `AUTH_SERVICE_URL` whether tokens are genuine, and who users are.
///
/// Good answers are kept for a minute, or until the token ends if that is sooner; refusals for five seconds. Each
/// question is asked once at a time. When the service has not answered, or was overloaded, several times in a row, nothing is
/// asked for a while: whoever needs an answer then gets an error, never a yes. An answer that is none is an error of that
/// question alone.
package final class AuthServiceClient: Sendable {
    package static let longestTrust = Duration.seconds(60)
    package static let refusalTrust = Duration.seconds(5)
    /// For so long the service is left alone at most, whatever it asks for: all callers wait for it.
    package static let longestHold = Duration.seconds(10)
    /// The longest answer, in bytes.
    package static let longestAnswer = 64 << 10
    private static let capacity = 10_000

    private enum Person: Hashable, Sendable {
        case id(String)
        case email(String)
    }

    package let configuration: AuthServiceConfiguration
    private let http: HTTPClient
    private let log: Log
    private let now: @Sendable () -> ContinuousClock.Instant
    private let wallClock: @Sendable () -> Int64
    private let breaker = Mutex(AuthServiceBreaker())
    private let verdicts: AnswerCache<[UInt8], Verdict>
    private let users: AnswerCache<Person, AuthServiceUser?>

    enum Verdict: Sendable {
        case genuine(TokenIdentity)
        case refused(TokenRefusal)
    }

    /// - Parameters:
    ///   - http: who makes its engine closes it.
    ///   - wallClock: microseconds since 1970.
    package init(
        _ configuration: AuthServiceConfiguration,
        _ http: HTTPClient,
        log: Log,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        wallClock: @escaping @Sendable () -> Int64 = { WallClock.microseconds() }
    ) {
        self.configuration = configuration
        self.http = http
        self.log = log
        self.now = now
        self.wallClock = wallClock
        verdicts = AnswerCache(capacity: Self.capacity, now: now)
        users = AnswerCache(capacity: Self.capacity, now: now)
    }

    /// What the service says of a token.
    ///
    /// - Throws: `TokenRefusal` for a token that it does not vouch for, `AuthServiceError` when it can't be asked.
    package func verify(_ token: String) async throws -> TokenIdentity {
        guard token.utf8.count <= JSONWebToken.longest else {
            throw TokenRefusal(.tooLong, "is longer than \(JSONWebToken.longest) bytes")
        }
        guard !token.isEmpty, token.utf8.allSatisfy(\.isTokenByte) else {
            throw TokenRefusal(.malformed, "has characters that no bearer token has")
        }
        let wallClock = wallClock
        let verdict = try await verdicts.answer(to: SHA256.digest(token)) { verdict in
            guard case .genuine(let identity) = verdict else { return Self.refusalTrust }
            guard let end = identity.expiresAt else { return Self.longestTrust }
            return max(.zero, min(Self.longestTrust, .microseconds(end * 1_000_000 - wallClock())))
        } _: {
            let request =
                switch self.configuration.check {
                case .verify: self.configuration.verification(of: token)
                case .introspection(let path): self.configuration.introspection(of: token, path)
                }
            return try await self.ask(request, "verify a token") { answer throws(AuthServiceError) -> Verdict in
                let reader = VerdictReader(self.configuration, token, at: wallClock())
                return switch self.configuration.check {
                case .verify: try reader.verification(answer)
                case .introspection: try reader.introspection(answer)
                }
            }
        }
        switch verdict {
        case .genuine(let identity): return identity
        case .refused(let refusal): throw refusal
        }
    }

    /// Has the next question about a token asked anew.
    package func forget(_ token: String) { verdicts.forget(SHA256.digest(token)) }

    /// The user of that id; `nil` when the service knows none.
    ///
    /// - Throws: `AuthServiceError` when it can't be asked.
    package func user(id: String) async throws -> AuthServiceUser? {
        try await user(.id(id), "/api/auth/users/\(id.inPath)") { $0.id == id }
    }

    /// The user of that address; `nil` when the service knows none.
    ///
    /// - Throws: `AuthServiceError` when it can't be asked.
    package func user(email: String) async throws -> AuthServiceUser? {
        let address = email.lowercased()
        return try await user(.email(address), "/api/auth/users/email/\(email.inPath)") {
            $0.email?.lowercased() == address
        }
    }

    /// Whether the service answers at all; its state is no matter here.
    package func isReachable() async -> Bool {
        let answer = try? await http.send(configuration.request("GET", "/health"))
        return answer.map { $0.status < 500 } ?? false
    }

    /// What is wrong with the service, if anything is. It is asked only where the breaker is open, and might be closed by
    /// the next token: as long as none comes, only an answer can tell that the service is back.
    package func problem() async -> String? {
        let (isOpen, isHolding) = breaker.withLock { ($0.isOpen, $0.isHolding(at: now())) }
        guard isOpen else { return nil }
        if !isHolding, await isReachable() { return nil }
        return "it has failed several times, and is left alone for a while: tokens that it has to vouch for are 503"
    }

    /// - Parameter isAsked: whether it is the user who was asked for: another one is no answer.
    private func user(
        _ person: Person,
        _ path: String,
        isAsked: @escaping @Sendable (AuthServiceUser) -> Bool
    ) async throws -> AuthServiceUser? {
        // A dot alone would be another path.
        guard !path.hasSuffix("/."), !path.hasSuffix("/.."), !path.hasSuffix("/") else { return nil }
        return try await users.answer(to: person) {
            $0 == nil ? Self.refusalTrust : Self.longestTrust
        } _: {
            let request = self.configuration.request("GET", path)
            return try await self.ask(request, "look a user up", blames: .unavailable) {
                answer throws(AuthServiceError) -> AuthServiceUser? in
                if [400, 404, 410, 422].contains(answer.status) { return nil }
                let json = try answer.object(for: "look a user up")
                if json["success"] == .boolean(false) { return nil }
                guard let user = AuthServiceUser(answer: json), isAsked(user) else {
                    throw AuthServiceError(.violation, "look a user up", "the answer is not the user who was asked for")
                }
                return user.isActive ? user : nil
            }
        }
    }

    /// - Parameter blames: what status 500 is: for a token, which is a stranger's, it may be the token's fault.
    private func ask<Answer: Sendable>(
        _ request: HTTPRequest,
        _ operation: String,
        blames: AuthServiceError.Code = .violation,
        _ read: @Sendable (HTTPClientResponse) throws(AuthServiceError) -> Answer
    ) async throws(AuthServiceError) -> Answer {
        if let wait = breaker.withLock({ $0.admit(at: now()) }) {
            throw AuthServiceError(.held, operation, "the auth service has failed several times", retryAfter: wait)
        }
        do throws(AuthServiceError) {
            let answer = try await send(request, operation, blames)
            let result = try read(answer)
            noteAnswer()
            return result
        } catch {
            // Whoever has sent a malformed token must not keep the service from others.
            guard error.code == .unavailable else {
                if error.code == .violation { noteAnswer() }
                throw error
            }
            let hold = error.retryAfter > .seconds(2) ? error.retryAfter : nil
            let change = breaker.withLock { $0.recordFailure(holding: hold, at: now()) }
            if change == .opened {
                log.warning("the auth service is left alone for a while", ["reason": .string("\(error)")])
            }
            throw error
        }
    }

    private func noteAnswer() {
        if breaker.withLock({ $0.recordSuccess() }) == .closed { log.info("the auth service answers again") }
    }

    private func send(
        _ request: HTTPRequest,
        _ operation: String,
        _ blamed: AuthServiceError.Code
    ) async throws(AuthServiceError) -> HTTPClientResponse {
        let answer: HTTPClientResponse
        do throws(OutboundError) {
            answer = try await http.send(request)
        } catch {
            throw AuthServiceError(error.code == .answerTooLarge ? .violation : .unavailable, operation, "\(error)")
        }
        switch answer.status {
        case 200..<300, 400..<429, 430..<500: return answer
        case 300..<400:
            throw AuthServiceError(.violation, operation, "it sends elsewhere with status \(answer.status)")
        case 500: throw AuthServiceError(blamed, operation, "status 500")
        default:
            let wait = min(answer.retryAfter ?? .seconds(2), Self.longestHold)
            throw AuthServiceError(.unavailable, operation, "status \(answer.status)", retryAfter: wait)
        }
    }
}

extension String {
    /// As one segment of a path.
    fileprivate var inPath: String {
        utf8.map { byte in
            byte.isUnreserved ? String(UnicodeScalar(byte)) : "%" + [byte].hexadecimal.uppercased()
        }.joined()
    }
}

extension UInt8 {
    fileprivate var isUnreserved: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Of a bearer token (RFC 6750, section 2.1).
    fileprivate var isTokenByte: Bool {
        isUnreserved || self == UInt8(ascii: "+") || self == UInt8(ascii: "/") || self == UInt8(ascii: "=")
    }
}
