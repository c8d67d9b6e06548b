package import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
package import Workers

/// Revokes tokens when somebody has logged out or is gone.
///
/// Without Redis there is nowhere to write it to, and nothing that would take note of it.
package struct RevocationWorker: Worker {
    package static let name = "identity"
    package static let events = ["user.deleted", "user.logout"]
    package static var dependencies: Set<Dependency> { [.redis] }

    private let revocations: Revocations?

    package init(_ revocations: Revocations?) { self.revocations = revocations }

    /// The same message again does the same again, so there is no record of it.
    package func handle(_ body: RawJSON, in context: MessageContext) async throws -> Outcome {
        let ending = try SessionEnd(body.bytes, event: context.event) { context.time(of: $0) }
        guard let revocations else { return .done }
        do throws(RedisError) {
            switch ending {
            case .token(let target): try await revocations.revoke(target.name, expiresAt: target.expiresAt)
            case .subject(let subject, let time):
                // A time to come would end tokens that nobody has yet.
                let latest = min(time, context.receivedAt)
                try await revocations.revoke(subject: subject, issuedBy: latest / 1_000_000, undated: false)
            case .everything(let subject):
                // The event may be late, and the issuer's clock ahead.
                let now = context.receivedAt / 1_000_000 + TokenRules.skew
                try await revocations.revoke(subject: subject, issuedBy: now, undated: true)
            }
        } catch {
            guard error.isRetriable else { throw error }
            throw DependencyOutage(.redis, reason: "\(error)")
        }
        return .done
    }
}
