package import FlotillaStorage

extension HealthCheck {
    /// Whether Postgres takes writes; readiness names the cause when it does not.
    package static func postgres(_ probe: WriteProbe) -> Self {
        Self("postgres", isNeeded: true) {
            do throws(PostgresError) { try await probe.check() } catch { throw HealthProblem(error.cause) }
        }
    }
}
