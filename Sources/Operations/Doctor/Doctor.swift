import FlotillaPlatform
import FoundationEssentials
import Glibc

/// Looks at everything that Flotilla needs, and says what is wrong and what to do.
package struct Doctor: Sendable {
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package func examine() async -> [DoctorFinding] {
        async let broker = rabbitMQ()
        async let database = postgres()
        async let cache = degraded(redis())
        return await [broker, database, cache] + [diskSpace(), openFiles()]
            + configuration.warnings.map {
                DoctorFinding("configuration", .doubtful, $0, remedy: "correct or remove it")
            }
    }

    private func rabbitMQ() async -> DoctorFinding {
        await check(Settings.rabbitMQ, "RabbitMQ") { url in
            let isEncrypted = url.scheme == "amqps"
            let endpoint = url.endpoint(defaultPort: isEncrypted ? 5671 : 5672)
            guard !isEncrypted else { return try await reach(endpoint) }
            let login = AMQPGreeting.login(user: url.user ?? "guest", password: url.password ?? "guest")
            let greeting = AMQPGreeting(try await endpoint.ask(login) { AMQPGreeting($0).isLoggedIn })
            guard greeting.hasStarted else { throw Complaint("\(endpoint) is no RabbitMQ", "correct the address") }
            guard greeting.isLoggedIn else {
                throw Complaint("the user or the password is refused", "correct them in RABBITMQ_URL")
            }
            let version = greeting.version ?? "unknown"
            guard Version(version) >= Version("3.10") else {
                throw Complaint("version \(version) is too old", "use RabbitMQ 3.10 or newer")
            }
            return "version \(version)"
        }
    }

    private func postgres() async -> DoctorFinding {
        await check(Settings.database, "PostgreSQL") { url in
            let endpoint = url.endpoint(defaultPort: 5432, socketName: ".s.PGSQL.5432")
            let isEncrypted = url.query["sslmode"].map { $0.hasPrefix("verify") || $0 == "require" } ?? false
            guard !isEncrypted else { return try await reach(endpoint) }
            let user = url.user ?? url.query["user"] ?? "postgres"
            let hello = PostgresGreeting.startup(user: user, database: String(url.path.dropFirst()))
            let greeting = PostgresGreeting(try await endpoint.ask(hello) { PostgresGreeting($0).isComplete })
            if let failure = greeting.failure { throw Complaint(failure, "correct DATABASE_URL") }
            guard greeting.isComplete else { throw Complaint("\(endpoint) is no PostgreSQL", "correct DATABASE_URL") }
            return greeting.version.map { "version \($0)" } ?? "asks for the password"
        }
    }

    /// Says what a fleet without Redis does not do.
    private func degraded(_ finding: DoctorFinding) -> DoctorFinding {
        guard finding.verdict == .bad else { return finding }
        return DoctorFinding(
            finding.subject,
            .bad,
            finding.detail + ". Work goes on without live states of jobs, shared rate limits, the cache of quotas, and "
                + "what processes tell each other of crashes and held queues",
            remedy: finding.remedy
        )
    }

    private func redis() async -> DoctorFinding {
        await check(Settings.redis, "Redis") { url in
            let endpoint = url.endpoint(defaultPort: 6379)
            var request = ""
            if let password = url.password {
                let words = url.user.flatMap { $0.isEmpty ? nil : [$0, password] } ?? [password]
                request += RedisGreeting.command(["AUTH"] + words)
            }
            let hello = request + RedisGreeting.command(["INFO"]) + RedisGreeting.command(["QUIT"])
            let greeting = RedisGreeting(try await endpoint.ask(Array(hello.utf8)) { _ in false })
            if let failure = greeting.failure { throw Complaint(failure, "correct REDIS_URL") }
            guard let version = greeting.version else {
                throw Complaint("\(endpoint) is no Redis", "correct REDIS_URL")
            }
            return "version \(version)"
        }
    }

    /// Without speaking TLS there is no more to learn than that somebody listens.
    private func reach(_ endpoint: Endpoint) async throws -> String {
        _ = try await endpoint.ask([]) { _ in true }
        return "reached; encrypted, so not asked further"
    }

    private func check(
        _ setting: Setting<Secret>,
        _ name: String,
        _ probe: (ServerURL) async throws -> String
    ) async -> DoctorFinding {
        guard let secret = configuration[setting], let url = ServerURL(secret.revealed) else {
            return DoctorFinding(
                name,
                .bad,
                "\(setting.name) is not set and the home's does not run",
                remedy: "run flotilla services start, or set \(setting.name)"
            )
        }
        let begin = ContinuousClock.now
        do {
            let detail = try await probe(url)
            let tenths = Int(((ContinuousClock.now - begin) / .microseconds(100)).rounded())
            return DoctorFinding(name, .good, "\(detail), answered in \(tenths / 10).\(tenths % 10) ms")
        } catch let complaint as Complaint {
            return DoctorFinding(name, .bad, complaint.what, remedy: complaint.remedy)
        } catch {
            let isEmbedded = configuration.source(of: setting) == .home
            let remedy =
                isEmbedded ? "see flotilla services status, then restart it" : "start it, or correct \(setting.name)"
            return DoctorFinding(name, .bad, "\(error)", remedy: remedy)
        }
    }

    private func diskSpace() -> DoctorFinding {
        let folder = ([configuration.home.base] + Home.folders(above: configuration.home.base)).first {
            FileManager.default.fileExists(atPath: $0)
        }
        guard let folder, let free = PrivateFile.freeSpace(at: folder) else {
            return DoctorFinding(
                "disk",
                .doubtful,
                "\(configuration.home.base) can't be looked at",
                remedy: "check its mode"
            )
        }
        let gigabytes = Double(free) / 1e9
        let text = "\((gigabytes * 10).rounded() / 10) GB free at \(folder)"
        return gigabytes >= 1
            ? DoctorFinding("disk", .good, text)
            : DoctorFinding("disk", .bad, text, remedy: "make room: less than 1 GB is left")
    }

    private func openFiles() -> DoctorFinding {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let text = "\(limit.rlim_cur) files may be open at once"
        return limit.rlim_cur >= 1_024
            ? DoctorFinding("limits", .good, text) : DoctorFinding("limits", .doubtful, text, remedy: "ulimit -n 4096")
    }

    private struct Complaint: Error {
        let what: String
        let remedy: String

        init(_ what: String, _ remedy: String) { (self.what, self.remedy) = (what, remedy) }
    }
}
