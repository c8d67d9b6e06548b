package import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage

extension Configuration {
    /// Whether sessions of the database are what they have to be, and its clock and Redis' are this machine's; nothing where
    /// a server can't be asked.
    package func sessionFindings() async -> [DoctorFinding] {
        guard let postgres = try? postgres() else { return [] }
        var findings: [DoctorFinding] = []
        let isDirect = self[Settings.databaseDirect] != nil
        do throws(PostgresError) {
            try await Self.measureClock(postgres)
            if postgres.pooler == .transaction {
                let way = isDirect ? "" : "; without DATABASE_DIRECT_URL events leave within a second, not at once"
                findings.append(DoctorFinding("pooler", .good, "sessions for a transaction\(way)"))
            }
            if let skew = ReferenceClock.process.skew { findings.append(.clock("the database's", skew)) }
        } catch {
            if error.code == .sharedSession { findings.append(DoctorFinding("pooler", .bad, error.detail)) }
        }
        if isDirect, let direct = postgres.withOwnSessions {
            do throws(PostgresError) { try await Self.measureClock(direct) } catch {
                let problem = error.code == .sharedSession ? error.detail : "DATABASE_DIRECT_URL: \(error.detail)"
                findings.append(DoctorFinding("direct connection", .bad, problem))
            }
        }
        if let redis = (try? redis()) ?? nil {
            let client = RedisClient(redis, name: "flotilla command")
            if let skew = try? await client.clockSkew() { findings.append(.clock("Redis'", skew)) }
            await client.close()
        }
        return findings
    }

    private static func measureClock(_ postgres: PostgresConfiguration) async throws(PostgresError) {
        let pool = PostgresPool(postgres, size: 1, name: "flotilla doctor")
        do throws(PostgresError) { _ = try await pool.time() } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }
}

extension DoctorFinding {
    fileprivate static func clock(_ server: String, _ skew: Int64) -> DoctorFinding {
        let seconds = (Double(skew.magnitude) / 1e5).rounded() / 10
        guard ClockAlarm.isWrong(skew) else { return DoctorFinding("clock", .good, "agrees with \(server)") }
        return DoctorFinding(
            "clock",
            .doubtful,
            "this machine's is \(seconds) s \(skew > 0 ? "ahead of" : "behind") \(server)",
            remedy: "set both by NTP; until then the database's is what decides"
        )
    }
}
